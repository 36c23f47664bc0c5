// An echo on golang.org/x/net/websocket that every page can use.
package main

import (
	"golang.org/x/net/websocket"
	"wiretalk.example/listen"
)

// message is data with the type of its frame.
type message struct {
	data []byte
	kind byte
}

// messages reads and writes whole messages. websocket.Message would make binary of every text.
var messages = websocket.Codec{
	Marshal: func(v any) ([]byte, byte, error) {
		m := v.(*message)
		return m.data, m.kind, nil
	},
	Unmarshal: func(data []byte, kind byte, v any) error {
		*v.(*message) = message{data, kind}
		return nil
	},
}

// what the exercise shows begins here
func echo(conn *websocket.Conn) {
	conn.MaxPayloadBytes = 64 << 10
	for {
		var m message
		if messages.Receive(conn, &m) != nil {
			return
		}
		if messages.Send(conn, &m) != nil {
			return
		}
	}
}

var handler = websocket.Handler(echo)

// what the exercise shows ends here

func main() {
	listen.Serve(handler)
}
