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
	{"job-failed", "/jobs?state=FAILED", `tbody a[href^="/jobs/"]`},
	{"resources", "/resources", ""},
	{"resource", "/resources?status=met", `tbody th a`},
	{"points", "/points?state=AVAILABLE", ""},
	{"point", "/points?state=AVAILABLE", `tbody th a`},
	{"restore", "/points?state=AVAILABLE", `tbody td a.button`},
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
	base := flag.String("url", "http://127.0.0.1:8484", "the running `holdfast demo --keep`")
	dir := flag.String("dir", "docs/images", "where the images go")
	only := flag.String("only", "", "only pages of these names, separated by commas")
	full := flag.Bool("full", false, "whole pages instead of what a screen shows")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *base, *dir, *only, *full); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
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
