package testkit

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// MailboxOptions say how a mail server behaves.
type MailboxOptions struct {
	StartTLS bool // offers STARTTLS and takes no mail without
	TLS      bool // speaks TLS from the beginning
	// Username and Password are asked for when they are set.
	Username, Password string
	// Refuse, when set, is the answer to RCPT: "550 no such user".
	Refuse string
}

// Mailbox is a mail server on loopback that keeps what it is sent.
type Mailbox struct {
	Address string // host:port; the host is one its certificate names
	opts    MailboxOptions
	server  *httptest.Server // lends its certificate
	mu      sync.Mutex
	mails   []string
	onMail  func(string)
}

// NewMailbox starts a mail server and stops it at the end of the test.
func NewMailbox(tb testing.TB, opts MailboxOptions) *Mailbox {
	tb.Helper()
	m := &Mailbox{opts: opts, server: httptest.NewUnstartedServer(nil)}
	m.server.StartTLS()
	tb.Cleanup(m.server.Close)
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("mailbox: %v", err)
	}
	m.Address = listener.Addr().String()
	var serving sync.WaitGroup
	tb.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { m.serve(conn) })
		}
	})
	return m
}

// TLSConfig trusts the server's certificate.
func (m *Mailbox) TLSConfig() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(m.server.Certificate())
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// OnMail has f called with every mail that comes from now on.
func (m *Mailbox) OnMail(f func(mail string)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onMail = f
}

// Mails returns what has come, oldest first.
func (m *Mailbox) Mails() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.mails...)
}

// mailSession is one connection.
type mailSession struct {
	*Mailbox
	conn    net.Conn
	in      *bufio.Reader
	secure  bool
	trusted bool
}

func (m *Mailbox) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if m.opts.TLS {
		conn = tls.Server(conn, m.server.TLS)
	}
	s := &mailSession{Mailbox: m, conn: conn, in: bufio.NewReader(conn), secure: m.opts.TLS, trusted: m.opts.Username == ""}
	s.say("220 mailbox")
	for {
		line, err := s.in.ReadString('\n')
		if err != nil || !s.command(strings.TrimSpace(line)) {
			return
		}
	}
}

func (s *mailSession) say(line string) { _, _ = fmt.Fprintf(s.conn, "%s\r\n", line) }

// command answers one line; false ends the session.
func (s *mailSession) command(line string) bool {
	verb := strings.ToUpper(strings.Fields(line + " ?")[0])
	switch {
	case verb == "EHLO" || verb == "HELO":
		s.hello()
	case verb == "STARTTLS" && s.opts.StartTLS:
		s.say("220 go ahead")
		s.conn = tls.Server(s.conn, s.server.TLS)
		s.in, s.secure = bufio.NewReader(s.conn), true
	case verb == "AUTH":
		s.authenticate(line)
	case verb == "QUIT":
		s.say("221 bye")
		return false
	case s.opts.StartTLS && !s.secure:
		s.say("530 STARTTLS first")
	case !s.trusted:
		s.say("530 authenticate first")
	case verb == "RCPT" && s.opts.Refuse != "":
		s.say(s.opts.Refuse)
	case verb == "DATA":
		return s.data()
	default:
		s.say("250 fine")
	}
	return true
}

func (s *mailSession) hello() {
	s.say("250-mailbox")
	if s.opts.StartTLS && !s.secure {
		s.say("250-STARTTLS")
	}
	s.say("250 AUTH PLAIN")
}

func (s *mailSession) authenticate(line string) {
	words := strings.Fields(line)
	plain, _ := base64.StdEncoding.DecodeString(words[len(words)-1])
	if string(plain) != "\x00"+s.opts.Username+"\x00"+s.opts.Password {
		s.say("535 wrong password")
		return
	}
	s.trusted = true
	s.say("235 welcome")
}

func (s *mailSession) data() bool {
	s.say("354 go ahead")
	var mail strings.Builder
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mu.Lock()
	s.mails = append(s.mails, mail.String())
	onMail := s.onMail
	s.mu.Unlock()
	if onMail != nil {
		onMail(mail.String())
	}
	s.say("250 kept")
	return true
}
