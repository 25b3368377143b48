// Package signin stands before the pages and the API: it finds out who a request is from,
// by the cookie of a session or by a bearer token, and asks for a login where one is
// required. Handlers behind it take the actor from access.From.
package signin

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/zerolog"

	"holdfast/access"
	"holdfast/login"
)

// The paths of the gate.
const (
	LoginPath  = "/login"
	LogoutPath = "/logout"
	stylePath  = "/login/style.css"
)

// Options are what a Gate needs; all but Keeper are required.
type Options struct {
	// Keeper knows users and tokens; nil: nobody can sign in.
	Keeper *login.Keeper
	// Required asks everybody for a login. Without, requests that bring no token or session
	// are those of Local.
	Required bool
	Local    access.Actor
	// Open tells the addresses that need no login.
	Open func(*http.Request) bool
	// Fail answers refusals, except below /api/, where they are problem documents.
	Fail         func(http.ResponseWriter, *http.Request, int, string)
	Installation string // as the login page shows it
	Log          zerolog.Logger
}

// Gate stands before the handlers of one server.
type Gate struct{ opts Options }

// New returns a Gate.
func New(opts Options) *Gate { return &Gate{opts} }

// Handler returns next behind the gate.
func (g *Gate) Handler(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.refuse(w, r, http.StatusForbidden, "This was sent by a page of another site, so it was refused. Nothing was changed.")
	}))
	mux := http.NewServeMux()
	mux.HandleFunc(LoginPath, g.login)
	mux.HandleFunc(LogoutPath, g.logout)
	mux.HandleFunc("GET "+stylePath, serveStyle)
	mux.Handle("/", g.identified(next))
	return protection.Handler(mux)
}

// identified passes on requests with the actor they are from.
func (g *Gate) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := g.who(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(access.With(r.Context(), who)))
		case g.opts.Open(r):
			next.ServeHTTP(w, r)
		case !errors.Is(err, login.ErrUnknown):
			g.opts.Log.Error().Err(err).Msg("a login could not be checked")
			g.refuse(w, r, http.StatusServiceUnavailable, "The login could not be checked: the catalog does not answer.")
		case forPrograms(r):
			w.Header().Set("WWW-Authenticate", `Bearer realm="holdfast"`)
			g.refuse(w, r, http.StatusUnauthorized, "A valid token is needed: send `Authorization: Bearer TOKEN`; `holdfast token create` makes one.")
		case r.Method == http.MethodGet:
			http.Redirect(w, r, LoginPath+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		default:
			g.refuse(w, r, http.StatusUnauthorized, "The session is over: sign in again. Nothing was changed.")
		}
	})
}

// who returns who a request is from, or login.ErrUnknown.
func (g *Gate) who(r *http.Request) (access.Actor, error) {
	token, bears := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	cookie, err := r.Cookie(cookieName(r))
	switch {
	case bears && g.opts.Keeper != nil:
		return g.opts.Keeper.Bearer(r.Context(), strings.TrimSpace(token))
	case !g.opts.Required:
		return g.opts.Local, nil
	case err == nil && g.opts.Keeper != nil:
		return g.opts.Keeper.Session(r.Context(), cookie.Value)
	default:
		return access.Actor{}, login.ErrUnknown
	}
}

// forPrograms reports whether nobody would see a login page.
func forPrograms(r *http.Request) bool {
	return below(r, "/api/") || r.Header.Get("Authorization") != "" || !strings.Contains(r.Header.Get("Accept"), "text/html")
}

func below(r *http.Request, prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }

// refuse answers an error in the form the address speaks.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	if !below(r, "/api/") {
		g.opts.Fail(w, r, status, text)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": text})
}

// loopback reports whether a request names this machine. Then it may come over plain HTTP;
// any other has to come through TLS, or the browser does not send the cookie back.
func loopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
