module example.com/deaths

go 1.26.0
