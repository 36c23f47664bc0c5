// Package endpoints has what a SockJS test server offers, on github.com/igm/sockjs-go/v3.
package endpoints

import (
	"net/http"

	"github.com/igm/sockjs-go/v3/sockjs"
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

// All returns the handlers by prefix. Raw WebSocket is off by default; its test server sets it too.
func All() map[string]http.Handler {
	limited, raw, polling, cookie := sockjs.DefaultOptions, sockjs.DefaultOptions, sockjs.DefaultOptions, sockjs.DefaultOptions
	limited.ResponseLimit = 4096
	limited.RawWebsocket = true
	raw.RawWebsocket = true
	polling.Websocket = false
	cookie.JSessionID = sockjs.DefaultJSessionID
	return map[string]http.Handler{
		"/echo":                    sockjs.NewHandler("/echo", limited, echo),
		"/disabled_websocket_echo": sockjs.NewHandler("/disabled_websocket_echo", polling, echo),
		"/cookie_needed_echo":      sockjs.NewHandler("/cookie_needed_echo", cookie, echo),
		"/close":                   sockjs.NewHandler("/close", raw, refuse),
	}
}
