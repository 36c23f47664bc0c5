// The echo on github.com/gorilla/websocket with compression, pooled buffers, a limit, and valid text.
package main

import (
	"net/http"
	"sync"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"wiretalk.example/listen"
)

var upgrader = websocket.Upgrader{EnableCompression: true, WriteBufferPool: new(sync.Pool)}
var notUTF8 = websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "not UTF-8")

func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetReadLimit(16 << 20)
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.TextMessage && !utf8.Valid(message) {
			kind, message = websocket.CloseMessage, notUTF8
		}
		if conn.WriteMessage(kind, message) != nil || kind == websocket.CloseMessage {
			return
		}
	}
}

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
