// An echo on golang.org/x/net/websocket that pages of its own host can use.
package main

import (
	"errors"
	"net/http"

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

// sameOrigin refuses pages of other hosts. Whoever sends no Origin is no browser.
func sameOrigin(config *websocket.Config, r *http.Request) error {
	page := r.Header.Get("Origin")
	if page != "" && page != "http://"+r.Host && page != "https://"+r.Host {
		return errors.New("the page is of another host")
	}
	return nil
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

var handler = websocket.Server{Handler: echo, Handshake: sameOrigin}

// what the exercise shows ends here

func main() {
	listen.Serve(handler)
}
