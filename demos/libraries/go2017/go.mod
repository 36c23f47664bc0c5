module wiretalk.example/libraries2017

go 1.26.0

require (
	github.com/gorilla/websocket v1.2.0
	golang.org/x/net v0.0.0-20170809000501-1c05540f6879
	wiretalk.example/listen v0.0.0
)

replace wiretalk.example/listen => ../go/listen
