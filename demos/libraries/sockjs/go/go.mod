module wiretalk.example/sockjs

go 1.26.0

require (
	github.com/igm/sockjs-go/v3 v3.0.3
	wiretalk.example/listen v0.0.0
)

require github.com/gorilla/websocket v1.4.2 // indirect

replace wiretalk.example/listen => ../../go/listen
