// Package frame is what every page has around its content: navigation, styles, scripts,
// and the answer when something is wrong. Its assets are embedded, so that pages work
// without a network; without scripts they can still be read.
package frame

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"holdfast/internal/clock"
)

// Policy is the content security policy of our own pages: scripts, styles and connections
// of this server only, nothing inline.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Options are what all pages of one process share.
type Options struct {
	Installation string
	Version      string
	// Pages says that there are more pages than errors, Queues that there are queue pages.
	Pages, Queues bool
	// Banner is shown above every page; "" leaves it out.
	Banner string
	Clock  clock.Clock
	Log    zerolog.Logger
}

// Frame renders pages. Make one with New.
type Frame struct {
	opts   Options
	errors *template.Template
}

// New returns the frame of a process.
func New(opts Options) *Frame {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	return &Frame{opts: opts, errors: base}
}

// Link is one entry of the navigation.
type Link struct {
	Path, Title, Icon string
	Current           bool
}

// navigation lists the sections in the order an operator needs them.
var navigation = []Link{
	{Path: "/", Title: "Now", Icon: "now"},
	{Path: "/jobs", Title: "Jobs", Icon: "jobs"},
	{Path: "/resources", Title: "Resources", Icon: "resources"},
	{Path: "/points", Title: "Recovery points", Icon: "points"},
	{Path: "/restore", Title: "Restore", Icon: "restore"},
	{Path: "/policies", Title: "Policies", Icon: "policies"},
	{Path: "/accounts", Title: "Accounts", Icon: "accounts"},
	{Path: "/reports", Title: "Reports", Icon: "reports"},
	{Path: "/audit", Title: "Audit", Icon: "audit"},
	{Path: "/queues", Title: "Queues", Icon: "queues"},
}

// Page is the part of a page's data that the frame shows; pages embed it.
type Page struct {
	Title        string
	Installation string
	Version      string
	Banner       string
	Navigation   []Link
	Now          time.Time
	Viewer       Viewer
	// Self is the address of the page, for what fetches it again. Live pages do whenever
	// something happened.
	Self string
	Live bool
	// Wide pages use the whole width.
	Wide   bool
	Notice *Notice
}

// Notice tells what came of the last action.
type Notice struct {
	Bad  bool
	Text string
	// Link, when set, leads to what the text is about.
	Link, LinkText string
}

// Page returns the frame of a page for a request.
func (f *Frame) Page(r *http.Request, title string) Page {
	p := Page{
		Title: title, Installation: f.opts.Installation, Version: f.opts.Version, Banner: f.opts.Banner,
		Now: f.opts.Clock.Now().UTC(), Viewer: ViewerOf(r.Context()), Self: r.URL.RequestURI(),
		Notice: noticeOf(r.URL.Query()),
	}
	for _, link := range navigation {
		if !f.opts.Pages || link.Icon == "queues" && !f.opts.Queues {
			continue
		}
		link.Current = link.Path == r.URL.Path || link.Path != "/" && strings.HasPrefix(r.URL.Path, link.Path+"/")
		p.Navigation = append(p.Navigation, link)
	}
	return p
}

// Render writes the page, whole or not at all.
func (f *Frame) Render(w http.ResponseWriter, status int, t *template.Template, name string, data any) {
	var page bytes.Buffer
	if err := t.ExecuteTemplate(&page, name, data); err != nil {
		f.opts.Log.Error().Err(err).Str("page", name).Msg("page could not be rendered")
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// errorPage is the data of error.html.
type errorPage struct {
	Page
	Status int
	Text   string
}

// Fail answers an error: a page to a browser, a line of text to a program.
func (f *Frame) Fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, text, status)
		return
	}
	f.Render(w, status, f.errors, "error.html", errorPage{f.Page(r, http.StatusText(status)), status, text})
}

// NotAllowed answers a request whose method the address does not take.
func (f *Frame) NotAllowed(w http.ResponseWriter, r *http.Request, allowed []string) {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(slices.Clone(allowed), http.MethodHead)
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	f.Fail(w, r, http.StatusMethodNotAllowed, "This address only answers "+list+".")
}

// base has what every page's templates need.
var base = template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/*.html"))

// Templates returns the frame's templates together with those of a package, which may call
// more functions. A mistake in them is a panic: they are embedded.
func Templates(source fs.FS, more template.FuncMap, patterns ...string) *template.Template {
	return template.Must(template.Must(base.Clone()).Funcs(more).ParseFS(source, patterns...))
}

// noticeKey is the query parameter an action leaves for the page it leads to. Its text is
// looked up in a closed list, so that nobody can make a page say what he likes.
const noticeKey = "done"

// notices are what an action may leave.
var notices = map[string]Notice{
	"cap":       {Text: "The cap is set. The leader applies it within a second."},
	"hold":      {Text: "The point is held: nothing deletes it until the hold is taken off."},
	"unhold":    {Text: "The hold is taken off."},
	"cancel":    {Text: "Cancellation is requested. What has not begun ends within seconds; what AWS works on is ABORTING until AWS is done."},
	"retry":     {Text: "The jobs are tried again, as new jobs."},
	"some":      {Bad: true, Text: "Some of the jobs could not be changed: they had ended, or had been retried before."},
	"none":      {Bad: true, Text: "Nothing was changed: the jobs had ended, or had been retried before."},
	"nothing":   {Bad: true, Text: "Nothing was chosen: tick the jobs first."},
	"backup":    {Text: "The backup is asked for. It begins as soon as it gets a slot."},
	"restore":   {Text: "The restore is asked for. This page follows it to its end."},
	"copy":      {Text: "The copy is asked for. It begins as soon as it gets a slot."},
	"expire":    {Text: "The deletion is asked for. Guards are checked once more before it begins."},
	"duplicate": {Text: "This was asked for before: nothing new was made."},
}

func noticeOf(query url.Values) *Notice {
	if n, ok := notices[query.Get(noticeKey)]; ok {
		return &n
	}
	return nil
}

// Done returns address with the notice what, for the redirect after an action.
func Done(address, what string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "/"
	}
	q := u.Query()
	q.Set(noticeKey, what)
	u.RawQuery = q.Encode()
	return u.RequestURI()
}
