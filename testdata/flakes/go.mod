module example.com/flakes

go 1.26.0
