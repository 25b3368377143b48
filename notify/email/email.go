// Package email sends notifications by mail, over SMTP with STARTTLS or TLS.
package email

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"holdfast/config"
	"holdfast/failure"
	"holdfast/notify"
)

// timeout bounds one mail, from the connection to the server's last word.
const timeout = 12 * time.Second

// Options say how mail is sent.
type Options struct {
	Address            string // host:port of the server
	TLS                string // config.TLSStart, config.TLSFull or config.TLSNone
	TLSConfig          *tls.Config
	Username, Password string // both empty: no authentication
	From               string
	To                 []string
}

// Mailer is a target that sends mail.
type Mailer struct{ opts Options }

var _ notify.Target = (*Mailer)(nil)

// New returns a target that mails messages.
func New(opts Options) *Mailer { return &Mailer{opts} }

// Send implements notify.Target. What the server refuses for good (5xx) is final.
func (m *Mailer) Send(ctx context.Context, msg notify.Message) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := m.send(ctx, msg); err != nil {
		return failure.Errorf(classOf(err), "mail over %s: %w", m.opts.Address, err)
	}
	return nil
}

func (m *Mailer) send(ctx context.Context, msg notify.Message) error {
	text, err := m.compose(msg)
	if err != nil {
		return err
	}
	client, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	from, err := mail.ParseAddress(m.opts.From)
	if err != nil {
		return err
	}
	if err := client.Mail(from.Address); err != nil {
		return err
	}
	for _, to := range m.opts.To {
		receiver, err := mail.ParseAddress(to)
		if err != nil {
			return err
		}
		if err := client.Rcpt(receiver.Address); err != nil {
			return fmt.Errorf("receiver %s: %w", receiver.Address, err)
		}
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = client.Quit() // the mail is accepted; how the connection ends is nobody's loss
	return nil
}

// connect returns a client that is past TLS and authentication.
func (m *Mailer) connect(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(m.opts.Address)
	if err != nil {
		return nil, err
	}
	secure := m.opts.TLSConfig.Clone()
	if secure == nil {
		secure = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	secure.ServerName = host
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.opts.Address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if m.opts.TLS == config.TLSFull {
		conn = tls.Client(conn, secure)
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if err := m.greet(client, host, secure); err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

func (m *Mailer) greet(client *smtp.Client, host string, secure *tls.Config) error {
	if m.opts.TLS == config.TLSStart {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return failure.Errorf(failure.Unsupported, "the server offers no STARTTLS: set tls to tls, or to none for a server on this machine")
		}
		if err := client.StartTLS(secure); err != nil {
			return err
		}
	}
	if m.opts.Username == "" {
		return nil
	}
	return client.Auth(smtp.PlainAuth("", m.opts.Username, m.opts.Password, host))
}

// compose writes the mail. Its Message-ID is that of the notification, so that a mail sent
// twice is known as one.
func (m *Mailer) compose(msg notify.Message) ([]byte, error) {
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, oneLine(value)) }
	header("From", m.opts.From)
	header("To", strings.Join(m.opts.To, ", "))
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine("[holdfast "+msg.Installation+"] "+msg.Title)))
	header("Date", msg.SentAt.Format(time.RFC1123Z))
	header("Message-ID", "<"+msg.ID+"@holdfast."+msg.Installation+">")
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	header("Content-Type", `text/plain; charset="utf-8"`)
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(msg.Text)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// oneLine keeps what came from outside from adding headers.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\r' || r == '\n' }), " ")
}

// classOf tells what passes from what does not. Source: RFC 5321, 4.2.1.
func classOf(err error) failure.Class {
	if class := failure.ClassOf(err); class == failure.Unsupported {
		return class
	}
	if reply, ok := errors.AsType[*textproto.Error](err); ok && reply.Code >= 500 {
		if reply.Code == 530 || reply.Code == 534 || reply.Code == 535 {
			return failure.Denied
		}
		return failure.Invalid
	}
	return failure.Transient
}
