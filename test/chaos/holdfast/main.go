// Command holdfast is the program under test with another clock: CHAOS_CLOCK names the
// clock its processes share. Everything else is what cmd/holdfast is.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"holdfast/cli"
	"holdfast/test/chaos/fastclock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c, err := fastclock.Open(os.Getenv("CHAOS_CLOCK"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "holdfast:", err)
		os.Exit(1)
	}
	code := cli.Run(ctx, cli.Env{
		Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(),
		Clock: c, Speed: c.Speed(),
	})
	stop()
	os.Exit(code)
}
