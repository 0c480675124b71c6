package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/rollcall-edge/rollcall/test/outage/proc"
	"github.com/rollcall-edge/rollcall/test/versus/member"
)

// EtcdOptions of a cluster of etcd.
type EtcdOptions struct {
	Program string // path of etcd
	Dirs    Dirs
	Keys    string // a directory for certificates and logs
	Value   []byte // what is put, under a new key of 16 octets each time
}

// Etcd are three members. They prove themselves to each other with certificates, as gateways do; clients come in the clear,
// over gRPC, eight connections to each member at most, and with nothing between the calls and the wire but gRPC itself.
type Etcd struct {
	o       EtcdOptions
	members []*etcdMember // those that do not lead first
	next    atomic.Uint64 // key
}

type etcdMember struct {
	process *proc.Process
	conns   []*grpc.ClientConn
	next    atomic.Uint64 // connection
}

const (
	connsEach  = 8
	stopWithin = 10 * time.Second
	putWithin  = 30 * time.Second
)

// EtcdVersion is the first line of what `etcd --version` says, without its first words.
func EtcdVersion(ctx context.Context, program string) (string, error) {
	out, err := exec.CommandContext(ctx, program, "--version").Output() //nolint:gosec // etcd, found by name
	if err != nil {
		return "", fmt.Errorf("ask etcd for its version: %w", err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimPrefix(line, "etcd Version: "), nil
}

// OpenEtcd starts three members and waits until they take a value.
func OpenEtcd(ctx context.Context, o EtcdOptions) (_ *Etcd, err error) {
	e := &Etcd{o: o}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start etcd: %w", err), e.Close())
		}
	}()
	a, err := newAuthority(o.Keys)
	if err != nil {
		return nil, err
	}
	addresses, err := freeAddresses(2 * Size)
	if err != nil {
		return nil, err
	}
	peers, clients := addresses[:Size], addresses[Size:]
	for i := range Size {
		identity, err := a.identity(name(i))
		if err != nil {
			return nil, err
		}
		m, err := startEtcd(ctx, o, i, arguments(o, i, peers, clients[i], identity), clients[i])
		if m != nil {
			e.members = append(e.members, m)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := await(ctx, "a leader of etcd", e.order); err != nil {
		return nil, err
	}
	return e, nil
}

func name(i int) string { return fmt.Sprintf("etcd-%d", i+1) }

func arguments(o EtcdOptions, i int, peers []string, client string, identity member.Identity) []string {
	var cluster []string
	for j, address := range peers {
		cluster = append(cluster, name(j)+"=https://"+address)
	}
	return []string{
		"--name", name(i), "--data-dir", filepath.Join(o.Dirs[i], "etcd"), "--logger", "zap", "--log-outputs", "stderr", "--log-level", "error",
		"--listen-peer-urls", "https://" + peers[i], "--initial-advertise-peer-urls", "https://" + peers[i],
		"--listen-client-urls", "http://" + client, "--advertise-client-urls", "http://" + client,
		"--initial-cluster", strings.Join(cluster, ","), "--initial-cluster-state", "new", "--initial-cluster-token", "versus",
		"--peer-client-cert-auth", "--peer-trusted-ca-file", identity.Authority, "--peer-cert-file", identity.Certificate, "--peer-key-file", identity.Key,
	}
}

func startEtcd(ctx context.Context, o EtcdOptions, i int, arguments []string, client string) (*etcdMember, error) {
	p, err := proc.Start(ctx, proc.Options{
		Name: name(i), Log: filepath.Join(o.Keys, name(i)+".log"),
		Command: func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, o.Program, arguments...) }, //nolint:gosec // etcd, found by name
	})
	if err != nil {
		return nil, err
	}
	m := &etcdMember{process: p}
	for range connsEach {
		conn, err := grpc.NewClient("passthrough:///"+client, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return m, fmt.Errorf("connect to %s: %w", name(i), err)
		}
		m.conns = append(m.conns, conn)
	}
	return m, nil
}

// order puts the leader last; ready when every member knows one and takes a value.
func (e *Etcd) order(ctx context.Context) (ready bool, err error) {
	leads := map[*etcdMember]bool{}
	for _, m := range e.members {
		s, err := etcdserverpb.NewMaintenanceClient(m.conns[0]).Status(ctx, &etcdserverpb.StatusRequest{})
		if err != nil || s.Leader == 0 {
			return false, err
		}
		leads[m] = s.Leader == s.Header.MemberId
		if err := e.put(ctx, m); err != nil {
			return false, err
		}
	}
	slices.SortStableFunc(e.members, func(a, b *etcdMember) int { return btoi(leads[a]) - btoi(leads[b]) })
	return leads[e.members[Size-1]], nil
}

// put keeps a value under a new key. It returns when a majority has it on disk and this member has applied it.
func (e *Etcd) put(ctx context.Context, m *etcdMember) error {
	key := binary.BigEndian.AppendUint64(make([]byte, 8, 16), e.next.Add(1))
	conn := m.conns[m.next.Add(1)%connsEach]
	ctx, cancel := context.WithTimeout(ctx, putWithin)
	defer cancel()
	_, err := etcdserverpb.NewKVClient(conn).Put(ctx, &etcdserverpb.PutRequest{Key: key, Value: e.o.Value})
	return err
}

// Load implements Cluster.
func (e *Etcd) Load(ctx context.Context, clients int, d time.Duration) (Load, error) {
	began := time.Now()
	load, err := e.all(func(place int, m *etcdMember) (Load, error) {
		times, err := member.LoadWith(share(clients, place), d, func() error { return e.put(ctx, m) })
		return Load{Times: times}, err
	})
	load.Took = time.Since(began)
	return load, err
}

// Pace implements Cluster.
func (e *Etcd) Pace(ctx context.Context, members int, every, d time.Duration) (int, error) {
	load, err := e.all(func(place int, m *etcdMember) (Load, error) {
		if place >= members {
			return Load{}, nil
		}
		times, err := member.PaceWith(every, d, func() error { return e.put(ctx, m) })
		return Load{Times: times}, err
	})
	return len(load.Times), err
}

// all does something at every member at the same time.
func (e *Etcd) all(do func(place int, m *etcdMember) (Load, error)) (load Load, err error) {
	var (
		work sync.WaitGroup
		mu   sync.Mutex // guards load and errs
		errs []error
	)
	for place, m := range e.members {
		work.Go(func() {
			l, err := do(place, m)
			mu.Lock()
			defer mu.Unlock()
			load.Times, errs = append(load.Times, l.Times...), append(errs, err)
		})
	}
	work.Wait()
	return load, errors.Join(errs...)
}

// PIDs implements Cluster.
func (e *Etcd) PIDs() []int {
	var pids []int
	for _, m := range e.members {
		pids = append(pids, m.process.PID())
	}
	return pids
}

// Close implements Cluster.
func (e *Etcd) Close() error {
	var errs []error
	for _, m := range e.members {
		for _, conn := range m.conns {
			errs = append(errs, conn.Close())
		}
	}
	for _, m := range e.members {
		errs = append(errs, m.process.Stop(stopWithin), m.process.Close())
	}
	return errors.Join(errs...)
}
