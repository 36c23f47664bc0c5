module wiretalk.example/listen

go 1.26.0
