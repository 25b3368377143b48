package web

import (
	"net/http"
	"strings"

	"holdfast/access"
	"holdfast/web/frame"
	"holdfast/web/signin"
)

// local is who acts where no login is asked for: whoever can reach the loopback interface.
var local = access.Actor{Name: "local", Role: access.Admin}

// gate puts the login before everything but health.
func gate(opts Options, fail func(http.ResponseWriter, *http.Request, int, string), next http.Handler) http.Handler {
	return signin.New(signin.Options{
		Keeper: opts.Logins, Required: opts.LoginRequired, Local: local, Open: open, Fail: fail,
		Installation: opts.Installation, Log: opts.Log,
	}).Handler(seen(opts, queueWork(opts, fail, next)))
}

// open tells the addresses that need no login: whether a process lives is no secret, and
// the login page needs its styles.
func open(r *http.Request) bool {
	return r.URL.Path == healthPath || r.URL.Path == readinessPath || strings.HasPrefix(r.URL.Path, "/assets/")
}

// queueWork lets only those change the queues whose role may.
func queueWork(opts Options, fail func(http.ResponseWriter, *http.Request, int, string), next http.Handler) http.Handler {
	if !opts.AsynqmonActions {
		return next // nobody may
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := access.From(r.Context()).Check(access.WorkQueues); err != nil && !reading(r) && strings.HasPrefix(r.URL.Path, queuesPath+"/") {
			fail(w, r, http.StatusForbidden, err.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// seen tells the pages who looks at them. Without a login nobody is named.
func seen(opts Options, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := frame.Viewer{Actor: access.From(r.Context()), LoggedIn: opts.LoginRequired}
		next.ServeHTTP(w, r.WithContext(frame.WithViewer(r.Context(), v)))
	})
}
