// The echo on github.com/gobwas/ws with a limit, and a Close where a message breaks a rule.
package main

import (
	"errors"
	"net/http"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"wiretalk.example/listen"
)

func echo(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	for err == nil {
		var message []byte
		var op ws.OpCode
		if message, op, err = wsutil.ReadClientData(conn); err == nil {
			err = wsutil.WriteServerMessage(conn, op, message)
		}
	}
	switch broken := ws.ProtocolError(""); {
	case errors.Is(err, wsutil.ErrInvalidUTF8):
		conn.Write(ws.CompiledCloseInvalidFramePayloadData)
	case errors.Is(err, wsutil.ErrMessageTooLarge):
		conn.Write(ws.CompiledCloseMessageTooBig)
	case errors.As(err, &broken):
		conn.Write(ws.CompiledCloseProtocolError)
	}
}

func main() {
	wsutil.SetMaxMessageSize(16 << 20)
	listen.Serve(http.HandlerFunc(echo))
}
