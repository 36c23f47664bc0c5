// The same endpoints behind http.ServeMux, which redirects a path with `//` before a handler sees it.
package main

import (
	"net/http"

	"wiretalk.example/listen"
	"wiretalk.example/sockjs/endpoints"
)

func main() {
	mux := http.NewServeMux()
	for prefix, handler := range endpoints.All() {
		mux.Handle(prefix, handler)
		mux.Handle(prefix+"/", handler)
	}
	listen.ServeHTTP(mux)
}
