// Command screenshots writes every page of a running demo, light and dark, on a desktop
// and a phone, as WebP files small enough for the repository.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"holdfast/test/browser/chrome"
)

// shot is one page; Find, when set, is the link on it to follow first.
type shot struct{ name, path, follow string }

var shots = []shot{
	{"now", "/", ""},
	{"jobs", "/jobs", ""},
	{"job", "/jobs?type=restore", `tbody a[href^="/jobs/"]`},
	{"resources", "/resources", ""},
	{"resource", "/resources?status=met", `tbody th a`},
	{"points", "/points?state=AVAILABLE", ""},
	{"point", "/points?state=AVAILABLE", `tbody th a`},
	{"restore", "/points?state=AVAILABLE&kind=rds", `tbody td a.button`},
	{"policies", "/policies", ""},
	{"accounts", "/accounts", ""},
	{"account", "/accounts", `tbody th a`},
	{"audit", "/audit", ""},
	{"queues", "/queues", ""},
	{"error", "/no-such-page", ""},
}

// screen is a device.
type screen struct {
	name          string
	width, height int64
	scale         float64
	phone         bool
}

var screens = []screen{{"desktop", 1280, 860, 1, false}, {"phone", 390, 844, 1.5, true}}

// quality of the images, of 100.
const quality = 70

func main() {
	base := flag.String("url", "", "a running `holdfast demo --keep` instead of one of its own")
	program := flag.String("holdfast", "bin/holdfast", "the program whose demo is shown")
	dir := flag.String("dir", "docs/images", "where the images go")
	only := flag.String("only", "", "only pages of these names, separated by commas")
	full := flag.Bool("full", false, "whole pages instead of what a screen shows")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := show(ctx, *base, *program, *dir, *only, *full); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

// show takes the images of the demo at base, or of one that is started for it.
func show(ctx context.Context, base, program, dir, only string, full bool) error {
	if base == "" {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var err error
		if base, err = demo(ctx, program); err != nil {
			return err
		}
	}
	return run(ctx, base, dir, only, full)
}

// address is what the demo prints when its story is told.
var address = regexp.MustCompile(`Still running: (http://\S+)`)

// demo starts a demo and waits until its nights have passed. It ends with ctx.
func demo(ctx context.Context, program string) (string, error) {
	command := exec.CommandContext(ctx, program, "demo", "--keep", "--listen", "127.0.0.1:0")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := address.FindStringSubmatch(lines.Text()); found != nil {
			return found[1], nil
		}
	}
	return "", errors.Join(errors.New("the demo ended before its story was told"), command.Wait())
}

func run(ctx context.Context, base, dir, only string, full bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	browser, stop, err := chrome.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	var errs []error
	for _, s := range shots {
		if only != "" && !strings.Contains(","+only+",", ","+s.name+",") {
			continue
		}
		for _, sc := range screens {
			for _, scheme := range []string{"light", "dark"} {
				name := filepath.Join(dir, fmt.Sprintf("%s-%s-%s.webp", s.name, sc.name, scheme))
				if err := take(browser, base, s, sc, scheme, name, full); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", name, err))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// take writes one image.
func take(ctx context.Context, base string, s shot, sc screen, scheme, name string, full bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	steps := []chromedp.Action{
		emulation.SetDeviceMetricsOverride(sc.width, sc.height, sc.scale, sc.phone),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(base + s.path), chromedp.WaitVisible("#main"),
	}
	if s.follow != "" {
		var address string
		steps = append(steps, chromedp.AttributeValue(s.follow, "href", &address, nil, chromedp.ByQuery),
			chromedp.ActionFunc(func(ctx context.Context) error {
				return chromedp.Run(ctx, chromedp.Navigate(base+address), chromedp.WaitVisible("#main"))
			}))
	}
	if s.name == "queues" {
		steps = append(steps, chromedp.Sleep(2*time.Second)) // asynqmon draws by itself
	}
	steps = append(steps, chromedp.ActionFunc(func(ctx context.Context) error {
		image, err := page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatWebp).WithQuality(quality).WithCaptureBeyondViewport(full).Do(ctx)
		if err != nil {
			return err
		}
		return os.WriteFile(name, image, 0o644)
	}))
	return chromedp.Run(ctx, steps...)
}
