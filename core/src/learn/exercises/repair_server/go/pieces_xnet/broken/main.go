// An echo on golang.org/x/net/websocket that cuts long messages into pieces.
package main

import (
	"errors"
	"io"
	"net/http"

	"golang.org/x/net/websocket"
	"wiretalk.example/listen"
)

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
	io.Copy(conn, conn)
}

var handler = websocket.Server{Handler: echo, Handshake: sameOrigin}

// what the exercise shows ends here

func main() {
	listen.Serve(handler)
}
