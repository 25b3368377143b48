// Command screenshots writes every page of a running demo, light and dark, on a desktop
// and a phone, as WebP files small enough for the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
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
	{"job", "/jobs?type=copy&state=COMPLETED", `tbody a[href^="/jobs/"]`},
	{"job-failed", "/jobs?state=FAILED&state=EXPIRED&q=UnauthorizedOperation", `tbody a[href^="/jobs/"]`},
	{"resources", "/resources", ""},
	{"resource", "/resources?status=met", `tbody th a`},
	{"points", "/points?state=AVAILABLE", ""},
	{"point", "/points?state=AVAILABLE", `tbody th a`},
	{"restore", "/points?state=AVAILABLE&kind=rds", `tbody td a.button`},
	{"moment", "/resources?kind=rds&status=met", `tbody th a`},
	{"policies", "/policies", ""},
	{"accounts", "/accounts", ""},
	{"account", "/accounts", `tbody th a`},
	{"audit", "/audit", ""},
	{"queues", "/queues", ""},
	{"error", "/no-such-page", ""},
}

// trouble is the first page while an account fails, in the demo's first night.
var trouble = shot{"night", "/", ""}

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
	wait := flag.Duration("wait", 12*time.Minute, "how long the demo may take to tell its story; then it is shown as far as it is")
	dir := flag.String("dir", "docs/images", "where the images go")
	only := flag.String("only", "", "only pages of these names, separated by commas")
	full := flag.Bool("full", false, "whole pages instead of what a screen shows")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := show(ctx, *base, *program, *wait, gallery{dir: *dir, only: *only, full: *full}); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

// gallery takes images of one demo.
type gallery struct {
	base, dir, only string
	full            bool
	browser         context.Context
	errs            []error
}

// show takes the images of the demo at base, or of one that is started for it.
func show(ctx context.Context, base, program string, wait time.Duration, g gallery) error {
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return err
	}
	browser, stop, err := chrome.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	g.browser, g.base = browser, base
	if base == "" {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		s, err := begin(program)
		if err != nil {
			return err
		}
		defer s.end()
		if err := s.until(ctx, s.opened); err != nil {
			return fmt.Errorf("the demo has shown no pages: %w", err)
		}
		g.base = s.address
		if g.wants(trouble) && s.inTrouble(ctx) {
			g.takeAll(trouble)
		}
		if err := s.until(ctx, s.told); errors.Is(err, errEnded) {
			return err
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "screenshots: the demo is shown before its end")
		}
	}
	for _, one := range shots {
		if g.wants(one) {
			g.takeAll(one)
		}
	}
	return errors.Join(g.errs...)
}

func (g *gallery) wants(s shot) bool {
	return g.only == "" || strings.Contains(","+g.only+",", ","+s.name+",")
}

// takeAll takes a page on every screen, light and dark.
func (g *gallery) takeAll(s shot) {
	for _, sc := range screens {
		for _, scheme := range []string{"light", "dark"} {
			name := filepath.Join(g.dir, fmt.Sprintf("%s-%s-%s.webp", s.name, sc.name, scheme))
			if err := take(g.browser, g.base, s, sc, scheme, name, g.full); err != nil {
				g.errs = append(g.errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
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
