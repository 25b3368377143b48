package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// story is a running demo in which the roles of one account fail in the first night.
type story struct {
	command *exec.Cmd
	address string        // of its pages, once opened is closed
	opened  chan struct{} // closed when the pages are there
	told    chan struct{} // closed when its nights have passed
	ended   chan struct{} // closed when it has ended
}

// errEnded is why nothing more comes of a story.
var errEnded = errors.New("the demo ended")

// What the demo prints when its pages are there, and when its story is told.
var (
	openedLine = regexp.MustCompile(`web pages: (http://\S+)`)
	toldLine   = regexp.MustCompile(`Still running: http://`)
)

// begin starts a demo.
func begin(program string) (*story, error) {
	s := &story{opened: make(chan struct{}), told: make(chan struct{}), ended: make(chan struct{})}
	s.command = exec.Command(program, "demo", "--keep", "--failing", "1", "--listen", "127.0.0.1:0") //nolint:noctx // it ends with end
	out, in := io.Pipe()
	s.command.Stdout, s.command.Stderr = in, in
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.command.Wait()
		_ = in.Close()
	}()
	go s.read(out)
	return s, nil
}

// read follows what the demo prints until it ends.
func (s *story) read(out io.Reader) {
	defer close(s.ended)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		fmt.Fprintln(os.Stderr, line)
		if found := openedLine.FindStringSubmatch(line); found != nil && s.address == "" {
			s.address = found[1]
			close(s.opened)
		}
		if toldLine.MatchString(line) {
			close(s.told)
		}
	}
}

// end ends the demo.
func (s *story) end() {
	_ = s.command.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		_ = s.command.Process.Kill()
	}
}

// until waits for something of the story, or for its end.
func (s *story) until(ctx context.Context, what <-chan struct{}) error {
	select {
	case <-what:
		return nil
	case <-s.ended:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inTrouble waits until the first page says that an account starts nothing; it returns
// false when the story comes to its end first.
func (s *story) inTrouble(ctx context.Context) bool {
	for {
		if strings.Contains(get(ctx, s.address+"/"), "starts nothing") {
			return true
		}
		select {
		case <-s.told:
			return false
		case <-s.ended:
			return false
		case <-ctx.Done():
			return false
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// get returns a page; "" when it cannot be had.
func get(ctx context.Context, address string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return ""
	}
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}
