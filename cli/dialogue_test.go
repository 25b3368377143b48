package cli

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"holdfast/access"
	"holdfast/catalog"
)

// typist is somebody at a terminal in which a command runs.
type typist struct {
	t      *testing.T
	screen *os.File
	seen   string // what was read and not matched yet
	code   chan int
}

// atTerminal runs a command in a pseudo-terminal.
func (o *office) atTerminal(ctx context.Context, args ...string) *typist {
	o.t.Helper()
	screen, keyboard, err := pty.Open()
	o.must(err)
	o.must(pty.Setsize(screen, &pty.Winsize{Rows: 50, Cols: 400}))
	y := &typist{t: o.t, screen: screen, code: make(chan int, 1)}
	o.t.Cleanup(func() { _, _ = keyboard.Close(), screen.Close() })
	go func() {
		y.code <- Run(ctx, Env{
			Args: append([]string{"holdfast"}, args...), Stdin: keyboard, Stdout: keyboard, Stderr: keyboard,
			Environ: []string{"USER=ana"}, Terminal: true, Clock: o.clock,
		})
	}()
	return y
}

// reads waits until text is on the screen.
func (y *typist) reads(text string) {
	y.t.Helper()
	_ = y.screen.SetReadDeadline(time.Now().Add(time.Minute))
	buffer := make([]byte, 4096)
	for !strings.Contains(y.seen, text) {
		n, err := y.screen.Read(buffer)
		y.seen += strings.ReplaceAll(string(buffer[:n]), "\r\n", "\n")
		if err != nil {
			y.t.Fatalf("%q is not on the screen: %v\n%s", text, err, y.seen)
		}
	}
	_, y.seen, _ = strings.Cut(y.seen, text)
}

func (y *typist) types(line string) {
	y.t.Helper()
	if _, err := io.WriteString(y.screen, line+"\n"); err != nil {
		y.t.Fatal(err)
	}
}

// ends returns the exit code. What is left on the screen is read meanwhile.
func (y *typist) ends() int {
	go func() { _, _ = io.Copy(io.Discard, y.screen) }()
	return <-y.code
}

const whatQuestion, pointQuestion, valueQuestion = "What shall be restored?", "AWS's continuous backups:", "Enter goes on:"

// Somebody restores a volume by answering questions, through a server, from looking for it
// by name to its end.
func TestRestoreDialogue(t *testing.T) {
	t.Parallel()
	o := pointed(t)
	address, tokens := o.serve()
	y := o.atTerminal(t.Context(), "restore", "--server", address, "--token", tokens[access.Restorer])
	y.reads(whatQuestion)
	y.types("nothing-like-it")
	y.reads("Nothing that has a recovery point fits")
	y.types("ORDERS")
	y.reads("vol-orders")
	y.reads("Number, or other words")
	y.types("1")
	y.reads(jobB)
	y.reads(pointQuestion)
	y.types("exact 20m") // volumes have no continuous backups
	y.reads("cannot be restored to a moment")
	y.reads(pointQuestion)
	y.types("yesterday")
	y.reads("is no moment")
	y.reads(pointQuestion)
	y.types("1")
	y.reads("size_gib")
	y.reads("ec2:CreateVolume")
	y.reads(valueQuestion)
	y.types("size_gib=5")
	y.reads("size_gib")
	y.reads(valueQuestion)
	y.types("size_gib=200")
	y.reads("--set")
	y.reads(`"Size": 200`)
	y.reads(valueQuestion)
	y.types("")
	y.reads("Type yes:")
	o.clock.onSleep = func(nth int) {
		jobs, err := o.store.ListJobs(context.Background(), catalog.JobFilter{PointID: jobB, Limit: 1})
		if err != nil || len(jobs) != 1 {
			return
		}
		switch nth {
		case 1:
			o.move(jobs[0].ID, catalog.Running, nil)
		case 2:
			o.move(jobs[0].ID, catalog.Completed, nil)
		}
	}
	y.types("yes")
	y.reads("COMPLETED")
	if code := y.ends(); code != codeDone {
		t.Errorf("exit %d", code)
	}
	jobs, err := o.store.ListJobs(t.Context(), catalog.JobFilter{PointID: jobB, Limit: 10})
	o.must(err)
	if len(jobs) != 1 || jobs[0].Spec.Parameters["size_gib"] != "200" || jobs[0].CreatedBy != "token:restorer" {
		t.Errorf("the jobs are %+v", jobs)
	}
}

// A time takes the newest point before it; whoever gives up has changed nothing.
func TestRestoreDialogueGivenUp(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(y *typist, interrupt func()){
		"no":         func(y *typist, _ func()) { y.types("no") },
		"end":        func(y *typist, _ func()) { _, _ = io.WriteString(y.screen, "\x04") },
		"interrupts": func(_ *typist, interrupt func()) { interrupt() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := pointed(t)
			before := o.snapshot()
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			y := o.atTerminal(ctx, "restore", "--config", o.dir+"/holdfast.yaml", "--region", "eu-west-1")
			y.reads(whatQuestion)
			y.types("orders volume")
			y.reads("Number, or other words")
			y.types("1")
			y.reads(pointQuestion)
			y.types("30h")
			y.reads("from recovery point " + jobA)
			y.reads(valueQuestion)
			y.types("")
			y.reads("Type yes:")
			leave(y, interrupt)
			if code := y.ends(); code != codeFailed {
				t.Errorf("exit %d", code)
			}
			if after := o.snapshot(); after != before {
				t.Errorf("the catalog changed from %s to %s", before, after)
			}
		})
	}
}
