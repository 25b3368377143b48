package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/internal/clock"
	"holdfast/internal/localserver"
	"holdfast/internal/testkit"
	"holdfast/policy"
	"holdfast/resource"
	"holdfast/sim"
)

// certified writes an authority's certificate and a server's key and certificate to dir.
func certified(t *testing.T, dir string) {
	t.Helper()
	now := clock.System().Now()
	make509 := func(name string, serial int64, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: parent == nil, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		}
		if parent == nil {
			parent, parentKey = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		writePEM(t, filepath.Join(dir, name+".crt"), "CERTIFICATE", der)
		writePEM(t, filepath.Join(dir, name+".key"), "EC PRIVATE KEY", encoded)
		return c, key
	}
	ca, key := make509("ca", 1, nil, nil)
	make509("server", 2, ca, key)
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startTLSRedis starts a redis-server with the users of deploy/ and returns its TLS address
// and its plain one.
func startTLSRedis(t *testing.T, dir string) (encrypted, plain string) {
	t.Helper()
	users, err := filepath.Abs("../deploy/redis-users.acl")
	if err != nil {
		t.Fatal(err)
	}
	for attempt := 1; ; attempt++ {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		_ = listener.Close()
		server, err := localserver.StartRedis(dir, "--tls-port", port, "--aclfile", users, "--tls-auth-clients", "no",
			"--tls-cert-file", filepath.Join(dir, "server.crt"), "--tls-key-file", filepath.Join(dir, "server.key"),
			"--tls-ca-cert-file", filepath.Join(dir, "ca.crt"))
		if err == nil {
			t.Cleanup(server.Kill)
			return "127.0.0.1:" + port, server.Addr
		}
		if attempt == 5 { // somebody may have taken the port
			t.Fatal(err)
		}
	}
}

// redisConfig writes a configuration for user and returns it.
func redisConfig(t *testing.T, dir, address, user, password string) *config.Config {
	t.Helper()
	file := filepath.Join(dir, user+".yaml")
	text := fmt.Sprintf("installation: acme\nredis: {mode: single, addresses: ['%s'], username: %s, password: %s, tls: {enabled: true, ca_file: %s/ca.crt}}\n"+
		"catalog: {dsn: 'sqlite:%s/catalog.db'}\nqueue: {key: a-key-of-thirty-two-characters-or-more}\nkinds: [ebs]\n"+
		"aws: {regions: [eu-central-1], accounts: {ids: ['111122223333']}}\nscheduler: {look_interval: 1s}\n", address, user, password, dir, dir)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// A whole installation works over TLS as the least-privileged user of deploy/, which can do
// nothing else in that Redis; the user of the pages can change nothing at all.
func TestAFleetNeedsNoMoreOfRedisThanItsACLUser(t *testing.T) {
	testkit.Integration(t)
	t.Parallel()
	dir := t.TempDir()
	certified(t, dir)
	address, plain := startTLSRedis(t, dir)
	backedUp(t, redisConfig(t, dir, address, "holdfast", "change-me-holdfast"))

	options, err := redisOptions(redisConfig(t, dir, address, "holdfast", "change-me-holdfast"))
	if err != nil {
		t.Fatal(err)
	}
	denied(t, options, [][]any{
		{"FLUSHALL"}, {"CONFIG", "GET", "*"}, {"KEYS", "*"}, {"ACL", "LIST"}, {"SHUTDOWN"}, {"SCRIPT", "FLUSH"}, {"MONITOR"},
		{"SET", "other", "1"}, {"GET", "other"}, {"REPLICAOF", "127.0.0.1", "1"}, {"MODULE", "LIST"}, {"CLIENT", "LIST"},
		{"EVAL", "return redis.call('GET', 'other')", "0"},
	})
	web, err := redisOptions(redisConfig(t, dir, address, "holdfast-web", "change-me-web"))
	if err != nil {
		t.Fatal(err)
	}
	denied(t, web, [][]any{
		{"SET", "asynq:x", "1"}, {"DEL", "{hf:acme}:x"}, {"LPUSH", "asynq:{start}:pending", "x"}, {"PUBLISH", "asynq:cancel", "x"},
		{"EVAL", "return redis.call('SET', KEYS[1], '1')", "1", "asynq:x"},
	})
	strangers(t, options, plain)
}

// denied checks that each command is refused by the ACL.
func denied(t *testing.T, options *redis.UniversalOptions, commands [][]any) {
	t.Helper()
	client := redis.NewUniversalClient(options)
	defer client.Close() //nolint:errcheck // it only read
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for _, command := range commands {
		err := client.Do(t.Context(), command...).Err()
		if err == nil || !strings.Contains(err.Error(), "NOPERM") && !strings.Contains(err.Error(), "permission") && !strings.Contains(err.Error(), "user executing the script can't") {
			t.Errorf("%s may %v: %v", options.Username, command, err)
		}
	}
}

// strangers checks that nobody gets in without a password, by another authority, or plainly.
func strangers(t *testing.T, good *redis.UniversalOptions, plain string) {
	t.Helper()
	for name, edit := range map[string]func(*redis.UniversalOptions){
		"wrong password":    func(o *redis.UniversalOptions) { o.Password = "guess" },
		"no user":           func(o *redis.UniversalOptions) { o.Username, o.Password = "", "" },
		"unknown authority": func(o *redis.UniversalOptions) { o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} },
		"no TLS, no user": func(o *redis.UniversalOptions) {
			o.Addrs, o.TLSConfig, o.Username, o.Password = []string{plain}, nil, "", ""
		},
	} {
		o := *good
		edit(&o)
		client := redis.NewUniversalClient(&o)
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Errorf("%s: got in", name)
		}
		_ = client.Close()
	}
}

// backedUp runs scheduler and worker of cfg on a simulated account until one backup is done,
// and everything else a process asks Redis.
func backedUp(t *testing.T, cfg *config.Config) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	org, err := sim.New(sim.Options{Accounts: []string{"111122223333"}, Regions: []string{"eu-central-1"}, Clock: clock.System(), Pace: 0.0001})
	must(t, err)
	arn, err := org.Create(sim.Blueprint{Kind: resource.EBS, Account: "111122223333", Region: "eu-central-1", SizeGiB: 1})
	must(t, err)
	a, err := New(ctx, Options{Config: cfg, Log: zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel), Sessions: org.Provider()})
	must(t, err)
	must(t, a.Engine.SyncInventory(ctx, catalog.InventoryScope{Partition: "aws", Account: "111122223333", Region: "eu-central-1", Kind: resource.EBS}))
	item, err := a.Store.Resource(ctx, arn)
	must(t, err)
	job := catalog.NewBackup(catalog.JobID("tls"), item.Resource, "aws", "ana", a.Clock.Now())
	_, err = a.Store.InsertJobs(ctx, []catalog.Job{job})
	must(t, err)
	running, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		if err := Run(running, Service{"scheduler", func(ctx context.Context) error { return a.RunScheduler(ctx, &policy.Set{}) }}, Service{"worker", a.RunWorker}); err != nil {
			t.Error(err)
		}
	})
	defer func() {
		stop()
		group.Wait()
		must(t, a.Close())
	}()
	testkit.Eventually(t, time.Minute, "the backup is done", func() bool {
		got, err := a.Store.Job(ctx, job.ID)
		return err == nil && got.State == catalog.Completed
	})
	_, err = a.Controller.Usage(ctx, 10)
	must(t, err)
	_, err = a.Controller.Explain(ctx, job.ID)
	must(t, err)
	_, err = a.Producer.PurgeArchived(a.Clock.Now(), time.Hour, 10)
	must(t, err)
	_, err = a.Producer.Workers()
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
