module wiretalk.example/sockjs2016

go 1.26.0

require (
	github.com/igm/sockjs-go v2.0.0+incompatible
	golang.org/x/net v0.0.0-20170809000501-1c05540f6879
	wiretalk.example/listen v0.0.0
)

require github.com/gorilla/websocket v1.2.0 // indirect

replace wiretalk.example/listen => ../../go/listen
