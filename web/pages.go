package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/rs/zerolog"
)

//go:embed assets
var assets embed.FS

// templates are parsed once; a mistake in them fails every test of the package.
var templates = template.Must(template.New("").Funcs(template.FuncMap{"count": thousands}).ParseFS(assets, "assets/*.html"))

// style is the only stylesheet.
var style = func() []byte {
	css, err := assets.ReadFile("assets/style.css")
	if err != nil {
		panic(err) // embedded at build time
	}
	return css
}()

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style)
}

// frame is what every page shows around its content.
type frame struct {
	Title        string
	Installation string
	Version      string
	Queues       bool // there are queue pages to link to
	RefreshS     int  // seconds, 0: never
}

// pages renders pages with a common frame.
type pages struct {
	frame frame
	log   zerolog.Logger
}

func newPages(opts Options) *pages {
	return &pages{
		frame: frame{Installation: opts.Installation, Version: opts.Version, Queues: opts.Redis != nil},
		log:   opts.Log,
	}
}

// titled returns the frame of a page.
func (p *pages) titled(title string) frame {
	f := p.frame
	f.Title = title
	return f
}

// render writes the page, whole or not at all.
func (p *pages) render(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		p.log.Error().Err(err).Str("page", name).Msg("page could not be rendered")
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// errorPage is the data of error.html.
type errorPage struct {
	frame
	Status int
	Text   string
}

// fail answers an error: a page to a browser, a line of text to a program.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, text, status)
		return
	}
	p.render(w, status, "error.html", errorPage{p.titled(http.StatusText(status)), status, text})
}

// thousands writes n with a comma every three digits.
func thousands(n int) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
