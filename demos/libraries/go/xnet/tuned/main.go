// The echo on golang.org/x/net/websocket with a Codec of its own, which keeps the type of a frame,
// a limit, clients without an Origin, and a Close at the end.
package main

import (
	"net/http"

	"golang.org/x/net/websocket"
	"wiretalk.example/listen"
)

type frame struct {
	kind    byte
	payload []byte
}

var codec = websocket.Codec{
	Marshal:   func(v any) ([]byte, byte, error) { f := v.(*frame); return f.payload, f.kind, nil },
	Unmarshal: func(data []byte, kind byte, v any) error { *v.(*frame) = frame{kind, data}; return nil },
}

func echo(conn *websocket.Conn) {
	defer conn.Close() // sends Close 1000
	conn.MaxPayloadBytes = 16 << 20
	for {
		var f frame
		if codec.Receive(conn, &f) != nil || codec.Send(conn, &f) != nil {
			return
		}
	}
}

func anyOrigin(*websocket.Config, *http.Request) error { return nil }

func main() {
	listen.Serve(websocket.Server{Handler: echo, Handshake: anyOrigin})
}
