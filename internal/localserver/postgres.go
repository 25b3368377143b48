package localserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	pgBin     = "/usr/lib/postgresql/*/bin/" // Debian keeps them out of PATH
	pgUser    = "holdfast"
	pgTimeout = 30 * time.Second // one statement of ours, on a busy machine
)

// Postgres is a PostgreSQL server with its data directory. Its methods are safe for
// concurrent use, except Remove.
type Postgres struct {
	Log string // file with the server's output

	dir, bin string
	port     int
	noSync   bool
	as       *syscall.Credential
	proc     *Process
}

// StartPostgres makes a cluster in a temporary directory and starts it on a free port.
// noSync turns fsync off: for tests that are about logic, never for those that kill
// things or measure.
func StartPostgres(noSync bool) (*Postgres, error) {
	initdb, err1 := findProgram("initdb", pgBin+"initdb")
	postgres, err2 := findProgram("postgres", pgBin+"postgres")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	// The path of a unix socket may have 107 bytes only, so not below a test's directory.
	dir, err := os.MkdirTemp("", "holdfast-pg")
	if err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	c := &Postgres{dir: dir, bin: postgres, Log: filepath.Join(dir, "log"), as: as, noSync: noSync}
	if err = c.init(initdb); err == nil {
		err = onFreePort(func(port int) error { c.port = port; return c.start() })
	}
	if err != nil {
		c.Remove()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return c, nil
}

// CreateDatabase makes an empty database and returns its DSN.
func (c *Postgres) CreateDatabase(name string) (string, error) {
	return c.dsn(name), c.exec("CREATE DATABASE " + name)
}

// DropDatabase deletes a database, whoever is connected.
func (c *Postgres) DropDatabase(name string) error {
	return c.exec("DROP DATABASE " + name + " WITH (FORCE)")
}

// serverUser returns whom the server runs as: nil is the caller. PostgreSQL refuses to run
// as root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root and there is neither a user postgres nor nobody")
}

func (c *Postgres) data() string { return filepath.Join(c.dir, "data") }

func (c *Postgres) init(initdb string) error {
	if c.as != nil {
		if err := os.Chown(c.dir, int(c.as.Uid), int(c.as.Gid)); err != nil {
			return fmt.Errorf("hand over data directory: %w", err)
		}
	}
	cmd := exec.Command(initdb, "-D", c.data(), "-U", pgUser, "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync")
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: c.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// start starts the server on its data.
func (c *Postgres) start() (err error) {
	fsync := "on"
	if c.noSync {
		fsync = "off"
	}
	c.proc, err = StartProcess(Spec{
		Path: c.bin, Log: c.Log, As: c.as,
		Args: []string{
			"-D", c.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(c.port), "-k", c.dir,
			"-c", "fsync=" + fsync, "-c", "max_connections=200",
		},
		Ready: func() error { return c.exec("SELECT 1") },
	})
	return err
}

func (c *Postgres) dsn(database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", pgUser, address(c.port), database)
}

// exec runs one statement in the maintenance database.
func (c *Postgres) exec(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), pgTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Restart stops the server at once, as a power cut would, and starts it on the same data and
// address: it recovers from its log.
func (c *Postgres) Restart() error {
	c.proc.Stop(syscall.SIGQUIT)
	return c.start()
}

// CutConnections ends every session of every database but ours.
func (c *Postgres) CutConnections() error {
	return c.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()")
}

// Remove stops the server at once, without writing back what nobody will read, and
// deletes its data.
func (c *Postgres) Remove() {
	if c.proc != nil {
		c.proc.Stop(syscall.SIGQUIT)
	}
	_ = os.RemoveAll(c.dir)
}
