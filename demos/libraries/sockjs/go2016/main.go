// The four endpoints on github.com/igm/sockjs-go 2.0.0, raw WebSocket beside it as in its test server.
package main

import (
	"io"
	"net/http"
	"strings"

	"github.com/igm/sockjs-go/sockjs"
	"golang.org/x/net/websocket"
	"wiretalk.example/listen"
)

func echo(session sockjs.Session) {
	for {
		message, err := session.Recv()
		if err != nil || session.Send(message) != nil {
			return
		}
	}
}

func refuse(session sockjs.Session) { session.Close(3000, "Go away!") }

func main() {
	limited, polling, cookie := sockjs.DefaultOptions, sockjs.DefaultOptions, sockjs.DefaultOptions
	limited.ResponseLimit = 4096
	polling.Websocket = false
	cookie.JSessionID = sockjs.DefaultJSessionID
	handlers := map[string]http.Handler{
		"/echo":                    sockjs.NewHandler("/echo", limited, echo),
		"/echo/websocket":          websocket.Handler(func(ws *websocket.Conn) { io.Copy(ws, ws) }),
		"/disabled_websocket_echo": sockjs.NewHandler("/disabled_websocket_echo", polling, echo),
		"/cookie_needed_echo":      sockjs.NewHandler("/cookie_needed_echo", cookie, echo),
		"/close":                   sockjs.NewHandler("/close", sockjs.DefaultOptions, refuse),
		"/close/websocket":         websocket.Handler(func(ws *websocket.Conn) { ws.Close() }),
	}
	listen.ServeHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler := handlers[r.URL.Path]
		if handler == nil {
			handler = handlers["/"+strings.SplitN(r.URL.Path, "/", 3)[1]]
		}
		if handler == nil {
			handler = http.NotFoundHandler()
		}
		handler.ServeHTTP(w, r)
	}))
}
