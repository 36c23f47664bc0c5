// The echo on github.com/coder/websocket with compression, a higher limit, and valid text.
package main

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/coder/websocket"
	"wiretalk.example/listen"
)

var options = websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover}

func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &options)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(16 << 20)
	ctx := context.Background()
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if kind == websocket.MessageText && !utf8.Valid(message) {
			conn.Close(websocket.StatusInvalidFramePayloadData, "not UTF-8")
		}
		if err := conn.Write(ctx, kind, message); err != nil {
			return
		}
	}
}

func main() {
	listen.Serve(http.HandlerFunc(echo))
}
