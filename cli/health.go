package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"holdfast/app"
	"holdfast/config"
	"holdfast/internal/clock"
)

// Limits of one health check: a container engine kills what takes longer anyway.
const (
	healthTimeout   = 4 * time.Second
	healthBodyLimit = 64 << 10
)

// healthCommand is what a container's health check runs: there is no curl in the image.
func healthCommand(env Env) *cli.Command {
	return &cli.Command{
		Name: "health", Usage: "say whether this machine's process can do its work, for container health checks",
		Description: "Asks /readyz of the web pages at web.listen. Where nothing listens (a scheduler or a worker of a\n" +
			"fleet), it asks the catalog and Redis itself. Exit code 0: healthy, 1: not.\n\n" +
			"Examples:\n\n   holdfast health --config holdfast.yaml\n   holdfast health --url http://127.0.0.1:8484",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "url", Usage: "ask the web pages at `URL` and nothing else; no configuration is read"},
		},
		Action: func(ctx *cli.Context) error { return runHealth(ctx, env) },
	}
}

// healthResult is the JSON of health.
type healthResult struct {
	Healthy bool          `json:"healthy"`
	Via     string        `json:"via"` // the address asked, or "direct"
	Checks  []healthCheck `json:"checks"`
}

type healthCheck struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

func (r *healthResult) add(name string, err error) {
	check := healthCheck{Name: name, OK: err == nil}
	if err != nil {
		check.Message = err.Error()
		r.Healthy = false
	}
	r.Checks = append(r.Checks, check)
}

func runHealth(ctx *cli.Context, env Env) error {
	limited, cancel := context.WithTimeout(ctx.Context, healthTimeout)
	defer cancel()
	result, err := checkHealth(limited, ctx, env)
	if err != nil {
		return err
	}
	if err := printHealth(ctx, env, result); err != nil {
		return err
	}
	if !result.Healthy {
		return &exitError{code: codeFailed, err: errors.New("not healthy"), silent: true}
	}
	return nil
}

// checkHealth asks the web pages, or the stores where there are no pages.
func checkHealth(limited context.Context, ctx *cli.Context, env Env) (healthResult, error) {
	if given := ctx.String("url"); given != "" {
		base, err := readyURL(given)
		if err != nil {
			return healthResult{}, err
		}
		result := healthResult{Healthy: true, Via: base}
		result.add("web", askReady(limited, base))
		return result, nil
	}
	cfg, err := loadConfig(ctx, env)
	if err != nil {
		return healthResult{}, err
	}
	address := "http://" + loopbackAddress(cfg.Web.Listen)
	result := healthResult{Healthy: true, Via: address}
	err = askReady(limited, address)
	if errors.Is(err, syscall.ECONNREFUSED) && cfg.Redis.Mode != config.RedisEmbedded {
		return directHealth(limited, cfg, env.Clock), nil
	}
	// With an embedded Redis there is one process only, and it has web pages.
	result.add("web", err)
	return result, nil
}

// directHealth asks what a scheduler or a worker depends on.
func directHealth(ctx context.Context, cfg *config.Config, c clock.Clock) healthResult {
	result := healthResult{Healthy: true, Via: "direct"}
	store, err := app.OpenCatalog(ctx, cfg, c)
	if err == nil {
		_, err = store.Now(ctx)
		err = errors.Join(err, store.Close())
	}
	result.add("catalog", err)
	queue, err := app.OpenQueue(ctx, cfg)
	if err == nil {
		err = queue.Close()
	}
	result.add("redis", err)
	return result
}

// askReady returns nil when the pages at base say they are ready.
func askReady(ctx context.Context, base string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: healthTimeout}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, healthBodyLimit))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", base, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/readyz answers %s: %s", base, response.Status, strings.Join(strings.Fields(string(body)), " "))
	}
	return nil
}

// readyURL checks an address given by hand; a trailing /readyz is fine.
func readyURL(given string) (string, error) {
	parsed, err := url.Parse(given)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return "", badInput("--url %q: give an address like http://127.0.0.1:8484", given)
	}
	return strings.TrimSuffix(strings.TrimSuffix(parsed.String(), "/"), "/readyz"), nil
}

// loopbackAddress is where this machine reaches what listens on address.
func loopbackAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func printHealth(ctx *cli.Context, env Env, result healthResult) error {
	if jsonWanted(ctx) {
		return printJSON(env.Stdout, result)
	}
	for _, check := range result.Checks {
		line := "ok    " + check.Name
		if !check.OK {
			line = "fail  " + check.Name + ": " + check.Message
		}
		if _, err := fmt.Fprintln(env.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}
