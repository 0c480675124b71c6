package storetest

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// errMissing names what to install: without PostgreSQL the tests fail, because half of what they promise would be untested.
var errMissing = errors.New("PostgreSQL is not installed; install Debian's package postgresql, or run make tools")

// server is a PostgreSQL server of this test binary's own: in a temporary folder, on a Unix socket, with fsync on.
type server struct {
	dir   string
	alive *os.File // the server lives until this is closed, by us or by our death
}

var start = sync.OnceValues(startServer)

func running(t testing.TB) *server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	return s
}

// supervisor makes the server and waits until its standard input ends, which it does however the test binary ends. Then it
// stops the server, whose data nobody wants, and removes the folder.
const supervisor = `
dir=$1 bin=$2
trap '"$bin/pg_ctl" --pgdata="$dir/data" --mode=immediate stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
{
"$bin/initdb" --pgdata="$dir/data" --username=rollcall --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync &&
cat >>"$dir/data/postgresql.conf" <<END &&
listen_addresses = ''
unix_socket_directories = '$dir'
max_connections = 200
END
"$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" start
} </dev/null >"$dir/start" 2>&1 || { tr '\n' ' ' <"$dir/start"; cat "$dir/log" 2>/dev/null | tr '\n' ' '; exit 1; }
echo ready
cat >/dev/null
`

func startServer() (*server, error) {
	bin, err := programs(debian)
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "storetest-") // short: the path of a socket has at most 107 octets
	if err != nil {
		return nil, err
	}
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	inside, outside, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("sh", "-c", supervisor, "sh", dir, bin)
	cmd.Dir = "/"
	cmd.Stdin = inside
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true} // a group of its own: Ctrl-C is for the tests
	says, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	inside.Close()
	said, _ := bufio.NewReader(says).ReadString('\n')
	says.Close()
	if said != "ready\n" {
		return nil, fmt.Errorf("the server did not start: %s", said)
	}
	return &server{dir: dir, alive: outside}, nil
}

// url is how a database of the server is reached.
func (s *server) url(database string) string {
	return "postgres://rollcall@/" + database + "?host=" + url.QueryEscape(s.dir)
}

// debian is where Debian keeps initdb, out of the PATH.
const debian = "/usr/lib/postgresql/*/bin/initdb"

// programs is the folder of the newest initdb and pg_ctl that Debian's package installed, or that of the first in the PATH.
func programs(pattern string) (string, error) {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return "", errMissing
		}
		return filepath.Dir(path), nil
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(release(a), release(b)) })), nil
}

// release is the 15 in /usr/lib/postgresql/15/bin/initdb.
func release(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// unprivileged is whom the server runs as: the user of Debian's package when the tests run as root, whom PostgreSQL refuses,
// and nil for the user of the tests.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMissing, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
