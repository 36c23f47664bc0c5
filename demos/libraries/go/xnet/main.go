// An echo on golang.org/x/net/websocket, as its documentation has it.
package main

import (
	"io"

	"golang.org/x/net/websocket"
	"wiretalk.example/listen"
)

func echo(conn *websocket.Conn) {
	io.Copy(conn, conn)
}

func main() {
	listen.Serve(websocket.Handler(echo))
}
