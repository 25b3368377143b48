package redislimit_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"holdfast/admission"
	"holdfast/admission/redislimit"
)

// kept are the scripts of earlier builds in testdata/scripts, NAME.VERSION.lua. They are
// written once, when a build is released, and never changed.
func kept(t *testing.T, version int) map[string]string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("testdata/scripts/*.%d.lua", version))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts of version %d: %v", version, err)
	}
	scripts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		scripts[name] = string(text)
	}
	return scripts
}

func shaOf(source string) string {
	sum := sha1.Sum([]byte(source))
	return hex.EncodeToString(sum[:])
}

// oldBuild makes a client send the scripts of an earlier build in the place of today's.
type oldBuild struct{ bySHA, bySource map[string]string }

func newOldBuild(t *testing.T, version int) oldBuild {
	t.Helper()
	old, b := kept(t, version), oldBuild{map[string]string{}, map[string]string{}}
	for name, source := range redislimit.Sources() {
		was, ok := old[name]
		if !ok {
			continue // a script version 1 did not have
		}
		b.bySHA[shaOf(source)], b.bySource[source] = shaOf(was), was
	}
	return b
}

func (b oldBuild) swap(cmd redis.Cmder) {
	args := cmd.Args()
	text, _ := args[1].(string)
	switch strings.ToLower(cmd.Name()) {
	case "evalsha":
		args[1] = b.bySHA[text]
	case "eval":
		args[1] = b.bySource[text]
	}
}

func (b oldBuild) DialHook(next redis.DialHook) redis.DialHook { return next }

func (b oldBuild) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { b.swap(cmd); return next(ctx, cmd) }
}

func (b oldBuild) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			if len(cmd.Args()) > 1 {
				b.swap(cmd)
			}
		}
		return next(ctx, cmds)
	}
}

// During an upgrade processes of two builds work on one room. Whoever opens it, the other
// submits, enters and releases in it, and no slot is lost or had twice.
func TestTwoBuildsShareARoom(t *testing.T) {
	t.Parallel()
	for _, opener := range []string{"old", "new"} {
		t.Run(opener, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient) {
				oldClient := connect(t, client.(*redis.Client).Options().Addr)
				oldClient.AddHook(newOldBuild(t, 1))
				builds := []*redislimit.Controller{redislimit.New(oldClient, redislimit.Options{Installation: "test"}), c}
				open(t, builds[map[string]int{"old": 0, "new": 1}[opener]], admission.Caps{admission.NewKey("account", "a"): 3})
				takeTurns(t, builds, jobs("a", 12))
			})
		})
	}
}

// takeTurns carries jobs through the room, each step by another build.
func takeTurns(t *testing.T, builds []*redislimit.Controller, list []admission.Request) {
	t.Helper()
	ctx, step := testContext(t), 0
	next := func() *redislimit.Controller { step++; return builds[step%len(builds)] }
	var granted []admission.Grant
	for _, request := range list {
		granted = append(granted, must(t)(next().Submit(ctx, []admission.Request{request}))...)
	}
	done := map[string]bool{}
	for len(granted) > 0 {
		if len(granted) > 3 {
			t.Fatalf("%d jobs have 3 slots: %v", len(granted), ids(granted))
		}
		g := granted[0]
		granted = append(granted[1:], must(t)(next().Enter(ctx, g))...)
		if done[g.JobID] {
			t.Fatalf("%s was granted twice", g.JobID)
		}
		done[g.JobID] = true
		granted = append(granted, must(t)(next().Release(ctx, g.JobID))...)
	}
	if len(done) != len(list) {
		t.Errorf("%d of %d jobs got a slot", len(done), len(list))
	}
}

// A room of a newer build is left as it is, and whoever is too old is told to update. What
// an older build left is not served until the leader has laid it out anew.
func TestARoomOfANewerLayoutIsLeftAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, c *redislimit.Controller, client redis.UniversalClient) {
		ctx := testContext(t)
		open(t, c, admission.Caps{admission.NewKey("account", "a"): 3})
		grants := must(t)(c.Submit(ctx, jobs("a", 1)))
		const state = "{hf:test}:state"
		set := func(layout int) {
			if err := client.HSet(ctx, state, "layout", layout).Err(); err != nil {
				t.Fatal(err)
			}
		}
		set(2)
		before, err := client.HGetAll(ctx, state).Result()
		if err != nil {
			t.Fatal(err)
		}
		_, submitErr := c.Submit(ctx, jobs("b", 1))
		_, enterErr := c.Enter(ctx, grants[0])
		_, epochErr := c.Epoch(ctx)
		rebuildErr := c.Rebuild(ctx, admission.Snapshot{Epoch: 9, Window: 10})
		for what, err := range map[string]error{"submit": submitErr, "enter": enterErr, "epoch": epochErr, "rebuild": rebuildErr} {
			if !errors.Is(err, admission.ErrNewer) || !strings.Contains(err.Error(), "update this process (layout 2)") {
				t.Errorf("%s: %v", what, err)
			}
		}
		after, err := client.HGetAll(ctx, state).Result()
		if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("the room was changed: %v, %v", after, err)
		}
		set(0)
		if _, err := c.Epoch(ctx); !errors.Is(err, admission.ErrNotReady) {
			t.Errorf("an older layout: %v", err)
		}
	})
}
