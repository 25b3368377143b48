// Package command is what the command lines of the benchmarks share.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a benchmark with the words of the command line, until it is done or
// interrupted. What it measures goes to stdout, progress to stderr. It exits with 1 on an
// error, which it prints behind name.
func Main(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Format is how a benchmark prints what it has measured: the flag --output.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// OutputFlag adds --output to flags. The format is text unless the command line says json.
func OutputFlag(flags *flag.FlagSet) *Format {
	f := Text
	flags.Var(&f, "output", "text or json")
	return &f
}

// String returns the format.
func (f *Format) String() string { return string(*f) }

// Set refuses everything but text and json.
func (f *Format) Set(text string) error {
	if Format(text) != Text && Format(text) != JSON {
		return errors.New("use text or json")
	}
	*f = Format(text)
	return nil
}

// Print writes what was measured: as indented JSON, or as text by text.
func (f *Format) Print(w io.Writer, measured any, text func(io.Writer) error) error {
	if *f == Text {
		return text(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(measured)
}
