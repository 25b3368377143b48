package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// typist returns where somebody at a terminal types, if there is somebody.
func (d *desk) typist() (*os.File, bool) {
	f, ok := d.env.Stdin.(*os.File)
	return f, ok && !d.json && d.env.Terminal && term.IsTerminal(int(f.Fd()))
}

// dialogue asks a person at a terminal. Questions are lines and answers are lines, so that
// any terminal, a recording of one and a screen reader can do it; the terminal itself edits
// the line.
type dialogue struct {
	*desk
	ctx   context.Context //nolint:containedctx // a dialogue is one call
	lines chan string     // closed at the end of input
}

func newDialogue(ctx context.Context, d *desk, in io.Reader) *dialogue {
	lines := make(chan string)
	go func() { // a read of a terminal cannot be cancelled: it ends with the process
		defer close(lines)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			select {
			case lines <- strings.TrimSpace(scanner.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return &dialogue{desk: d, ctx: ctx, lines: lines}
}

// errGivenUp ends a dialogue by Ctrl-C or Ctrl-D.
var errGivenUp = &exitError{code: codeFailed, err: errors.New("given up: nothing was changed")}

// ask prints a question and returns the line that is typed.
func (d *dialogue) ask(format string, args ...any) (string, error) {
	fmt.Fprintf(d.env.Stderr, format+" ", args...)
	select {
	case line, ok := <-d.lines:
		if !ok {
			fmt.Fprintln(d.env.Stderr)
			return "", errGivenUp
		}
		return line, nil
	case <-d.ctx.Done():
		fmt.Fprintln(d.env.Stderr)
		return "", errGivenUp
	}
}

// chosen reads the number of one of n entries; ok is false when text is none.
func chosen(text string, n int) (index int, ok bool) {
	number, err := strconv.Atoi(text)
	return number - 1, err == nil && number >= 1 && number <= n
}

// list prints numbered entries.
func (d *dialogue) list(header []string, rows [][]string) error {
	for i := range rows {
		rows[i] = append([]string{strconv.Itoa(i + 1)}, rows[i]...)
	}
	return table(d.env.Stderr, append([]string{"#"}, header...), rows)
}
