module example.com/worlds

go 1.26
