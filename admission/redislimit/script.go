package redislimit

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by their SHA-1
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
)

//go:embed lua/*.lua
var sources embed.FS

// script is one Lua program with the name Redis knows it by.
type script struct {
	name, source, sha string
}

// The scripts, each made of the parts it uses, in order.
var (
	submitScript    = roomScript("submit")
	turnScript      = roomScript("turn")
	regrantScript   = newScript("regrant", "layout", "base", "slots", "order", "regrant")
	runScript       = roomScript("run")
	staleScript     = newScript("stale", "layout", "base", "slots", "stale")
	setWindowScript = roomScript("setwindow")
	stageCapsScript = newScript("stagecaps", "layout", "base", "stagecaps")
	setCapsScript   = roomScript("setcaps")
	epochScript     = newScript("epoch", "layout", "base", "epoch")
	explainScript   = newScript("explain", "layout", "base", "slots", "order", "room", "explain")
	pageScript      = newScript("page", "layout", "base", "page")
	guardScript     = newScript("guard", "guard")
	closeScript     = newScript("close", "layout", "close")
	sweepScript     = newScript("sweep", "sweep")
	stageScript     = newScript("stage", "stage")
	openScript      = newScript("open", "layout", "open")
)

func roomScript(name string) script {
	return newScript(name, "layout", "base", "slots", "order", "room", "pump", name)
}

func newScript(name string, parts ...string) script {
	var source strings.Builder
	for _, part := range parts {
		text, err := sources.ReadFile("lua/" + part + ".lua")
		if err != nil {
			panic(err) // a part that is not embedded is a mistake in the list above
		}
		source.Write(text)
	}
	sum := sha1.Sum([]byte(source.String())) //nolint:gosec // see the import
	return script{name: name, source: source.String(), sha: hex.EncodeToString(sum[:])}
}

// call is one run of a script; every script has at least one argument.
type call struct {
	script script
	args   []any
	head   int // words of the answer that come before the pump's
}

// answer is what a script returned after its status word.
type answer []string

// run runs one script.
func (c *Controller) run(ctx context.Context, s script, args ...any) (answer, error) {
	answers, err := c.runAll(ctx, []call{{script: s, args: args}})
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// runAll runs scripts in order in one pipeline. The first error is returned beside the
// answers before it.
func (c *Controller) runAll(ctx context.Context, calls []call) ([]answer, error) {
	answers, errs := c.runEach(ctx, calls)
	for i, err := range errs {
		if err != nil {
			return answers[:i], err
		}
	}
	return answers, nil
}

// runEach runs scripts in order in one pipeline and returns the answer or the error of
// each. Scripts the server does not know are loaded, once, and run again.
func (c *Controller) runEach(ctx context.Context, calls []call) ([]answer, []error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answers, errs := make([]answer, len(calls)), make([]error, len(calls))
	replies := c.send(ctx, calls)
	if unknown := unknownScripts(calls, replies); len(unknown) > 0 {
		if err := c.load(ctx, unknown); err != nil {
			for i := range errs {
				errs[i] = err
			}
			return answers, errs
		}
		replies = c.resend(ctx, calls, replies)
	}
	for i, reply := range replies {
		a, err := read(reply)
		if err != nil {
			err = fmt.Errorf("admission %s: %w", calls[i].script.name, err)
		}
		answers[i], errs[i] = a, err
	}
	return answers, errs
}

// send pipelines the calls; errors are in the replies.
func (c *Controller) send(ctx context.Context, calls []call) []*redis.Cmd {
	replies := make([]*redis.Cmd, 0, len(calls))
	keys := []string{c.stateKey()}
	if len(calls) == 1 && !c.replicas.wanted {
		return append(replies, c.client.EvalSha(ctx, calls[0].script.sha, keys, calls[0].args...))
	}
	pipe := c.client.Pipeline()
	for _, call := range calls {
		replies = append(replies, pipe.EvalSha(ctx, call.script.sha, keys, call.args...))
	}
	wait := c.replicas.wait(ctx, pipe)
	_, _ = pipe.Exec(ctx) // each reply has its own error
	c.replicas.waited(wait)
	return replies
}

// unknownScripts returns the scripts that met NOSCRIPT, each once.
func unknownScripts(calls []call, replies []*redis.Cmd) []script {
	var unknown []script
	seen := map[string]bool{}
	for i, reply := range replies {
		s := calls[i].script
		if redis.HasErrorPrefix(reply.Err(), "NOSCRIPT") && !seen[s.sha] {
			seen[s.sha] = true
			unknown = append(unknown, s)
		}
	}
	return unknown
}

// resend runs those calls again that met NOSCRIPT and puts their replies in place.
func (c *Controller) resend(ctx context.Context, calls []call, replies []*redis.Cmd) []*redis.Cmd {
	var again []call
	var places []int
	for i, reply := range replies {
		if redis.HasErrorPrefix(reply.Err(), "NOSCRIPT") {
			again, places = append(again, calls[i]), append(places, i)
		}
	}
	for i, reply := range c.send(ctx, again) {
		replies[places[i]] = reply
	}
	return replies
}

// load makes the server know scripts. A server that knows none may have been restarted,
// so guard.lua looks at it first. Loading is an EVAL without arguments, which goes to the
// node of the keys and, unlike SCRIPT LOAD before Redis 7, never to replicas or the AOF:
// an empty script cache stays the sign of a new server process.
func (c *Controller) load(ctx context.Context, scripts []script) error {
	keys := []string{c.stateKey()}
	if err := c.client.Eval(ctx, guardScript.source, keys).Err(); err != nil {
		return fmt.Errorf("admission: check the server: %w", err)
	}
	for _, s := range scripts {
		if err := c.client.Eval(ctx, s.source, keys).Err(); err != nil {
			return fmt.Errorf("admission: load script %s: %w", s.name, err)
		}
	}
	return nil
}

var errIncomplete = errors.New("caps were not stored whole: the epoch changed meanwhile")

// read turns a reply into an answer or the error its status word stands for.
func read(reply *redis.Cmd) (answer, error) {
	words, err := reply.StringSlice()
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("empty answer")
	}
	switch words[0] {
	case "OK":
		return words[1:], nil
	case "NOTREADY":
		return nil, admission.ErrNotReady
	case "STALE":
		return nil, admission.ErrStale
	case "NEWER":
		return nil, fmt.Errorf("%w (layout %s)", admission.ErrNewer, strings.Join(words[1:], " "))
	case "INCOMPLETE":
		return nil, errIncomplete
	}
	return nil, fmt.Errorf("unknown answer %q", words[0])
}

// more says what the pump left to do.
type more string

const (
	moreGrants  more = "1"
	moreRecalls more = "2"
)

// grants reads the answer of a script that pumped.
func (a answer) grants() ([]admission.Grant, more, error) {
	const width = 3 // job, generation, group
	if len(a)%width != 1 {
		return nil, "", fmt.Errorf("admission: answer has %d words", len(a))
	}
	var grants []admission.Grant
	for i := 1; i < len(a); i += width {
		generation, err := strconv.ParseInt(a[i+1], 10, 64)
		if err != nil {
			return nil, "", fmt.Errorf("admission: generation of job %s: %w", a[i], err)
		}
		grants = append(grants, admission.Grant{JobID: a[i], Generation: generation, Group: groupName(a[i+2])})
	}
	return grants, more(a[0]), nil
}
