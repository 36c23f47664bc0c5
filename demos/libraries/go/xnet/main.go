// An echo on golang.org/x/net/websocket, as its documentation has it.
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	"golang.org/x/net/websocket"
)

func echo(conn *websocket.Conn) {
	io.Copy(conn, conn)
}

func main() {
	log.Fatal(http.ListenAndServe(os.Args[1], websocket.Handler(echo)))
}
