package signin

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast/login"
)

// cookieName names the cookie of a session. The prefix makes browsers refuse one that was
// not set by this very host over TLS.
// Source: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-cookie-name-prefixes.
func cookieName(r *http.Request) string {
	if loopback(r) {
		return "holdfast-session"
	}
	return "__Host-holdfast-session"
}

// cookie returns the cookie of a session; an empty value ends it.
func cookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // over plain HTTP only where the request does not leave this machine
		Name: cookieName(r), Value: value, Path: "/", HttpOnly: true, Secure: !loopback(r),
		SameSite: http.SameSiteLaxMode, MaxAge: int(login.SessionLife.Seconds()),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

//go:embed login.html
var loginPage string

//go:embed style.css
var style []byte

var loginTemplate = template.Must(template.New("login").Parse(loginPage))

// prompt is what the login page shows.
type prompt struct {
	Installation string
	Name         string // as it was typed
	Next         string // where to go afterwards, a path of this server
	Problem      string // what was wrong with the last attempt; "" at first
}

// show writes the login page. It stands for itself, so that it works whatever else does not.
func (g *Gate) show(w http.ResponseWriter, status int, p prompt) {
	p.Installation = g.opts.Installation
	var page bytes.Buffer
	if err := loginTemplate.Execute(&page, p); err != nil {
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", loginPolicy)
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

const loginPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style)
}

// login shows the login page and takes what was typed.
func (g *Gate) login(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		g.show(w, http.StatusOK, prompt{Next: local(r.URL.Query().Get("next"))})
	case http.MethodPost:
		g.signIn(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		g.refuse(w, r, http.StatusMethodNotAllowed, "This address answers GET and POST.")
	}
}

func (g *Gate) signIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		g.refuse(w, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	name, next := strings.ToLower(strings.TrimSpace(r.PostForm.Get("name"))), local(r.PostForm.Get("next"))
	p := prompt{Name: name, Next: next}
	if g.opts.Keeper == nil {
		p.Problem = "There is no login here."
		g.show(w, http.StatusNotFound, p)
		return
	}
	secret, _, err := g.opts.Keeper.SignIn(r.Context(), name, r.PostForm.Get("password"), address(r))
	var many *login.TooManyError
	switch {
	case errors.As(err, &many):
		w.Header().Set("Retry-After", strconv.Itoa(int(many.Wait.Seconds())+1))
		p.Problem = fmt.Sprintf("Too many wrong passwords. Try again in %d minutes.", int((many.Wait+time.Minute-time.Nanosecond)/time.Minute))
		g.show(w, http.StatusTooManyRequests, p)
	case errors.Is(err, login.ErrWrong):
		p.Problem = "The name or the password is wrong."
		g.show(w, http.StatusUnauthorized, p)
	case err != nil:
		g.opts.Log.Error().Err(err).Msg("a login could not be checked")
		p.Problem = "The login could not be checked. Try again."
		g.show(w, http.StatusServiceUnavailable, p)
	default:
		http.SetCookie(w, cookie(r, secret))
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // local made it a path of this server
	}
}

// logout ends the session.
func (g *Gate) logout(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		g.refuse(w, r, http.StatusMethodNotAllowed, "This address answers POST.")
		return
	}
	if c, err := r.Cookie(cookieName(r)); err == nil && g.opts.Keeper != nil {
		if err := g.opts.Keeper.SignOut(r.Context(), c.Value); err != nil {
			g.opts.Log.Error().Err(err).Msg("a session could not be ended")
			g.refuse(w, r, http.StatusServiceUnavailable, "The session could not be ended. Try again.")
			return
		}
	}
	http.SetCookie(w, cookie(r, ""))
	http.Redirect(w, r, LoginPath, http.StatusSeeOther)
}

// local returns next when it is a path of this server, else the front page.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") || strings.HasPrefix(next, LoginPath) {
		return "/"
	}
	return next
}

// address returns where a request comes from, without the port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
