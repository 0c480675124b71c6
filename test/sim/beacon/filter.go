package beacon

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrSeccomp says that this machine does not let a process watch its own system calls (seccomp user notification),
// which the virtual controller needs.
var ErrSeccomp = errors.New("this kernel or container refuses seccomp user notification: run on Linux 5.14 or newer and, in a container, with a seccomp profile that allows the seccomp call")

// The requests on a Bluetooth socket that bring an adapter up or down, <net/bluetooth/hci_sock.h>.
const (
	hciDevUp   = 0x400448C9
	hciDevDown = 0x400448CA
)

// sockaddrHCI is the size of the address a Bluetooth HCI socket is bound to; no other family's has it.
const sockaddrHCI = 6

// Offsets in struct seccomp_data, <linux/seccomp.h>. Arguments are 64 bits wide and little-endian on our machines.
const (
	dataNr   = 0
	dataArg0 = 16
	dataArg1 = 24
	dataArg2 = 32
)

// notification is struct seccomp_notif.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

// verdict is struct seccomp_notif_resp.
type verdict struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// handOver is struct seccomp_notif_addfd.
type handOver struct {
	id                         uint64
	flags, from, to, openFlags uint32
}

// questions asks the watcher about socket(AF_BLUETOOTH), ioctl(HCIDEVUP or HCIDEVDOWN) and bind to an HCI address, and
// lets everything else pass. In a jump the first number is how many instructions to skip when equal, the second when not.
func questions() []unix.SockFilter {
	load := func(off uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: off}
	}
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	answer := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	return []unix.SockFilter{
		load(dataNr),                        // 0
		equal(unix.SYS_SOCKET, 0, 2),        // 1
		load(dataArg0),                      // 2
		equal(unix.AF_BLUETOOTH, 8, 7),      // 3
		equal(unix.SYS_IOCTL, 0, 3),         // 4
		load(dataArg1),                      // 5
		equal(hciDevUp, 5, 0),               // 6
		equal(hciDevDown, 4, 3),             // 7
		equal(unix.SYS_BIND, 0, 2),          // 8
		load(dataArg2),                      // 9
		equal(sockaddrHCI, 1, 0),            // 10
		answer(unix.SECCOMP_RET_ALLOW),      // 11
		answer(unix.SECCOMP_RET_USER_NOTIF), // 12
	}
}

// install puts the filter on the calling thread and returns the descriptor its watcher reads. The thread gives up the
// right to gain privileges, which is what lets a plain user do this.
func install() (int, error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, fmt.Errorf("give up new privileges: %w", err)
	}
	p := questions()
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER,
		uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return -1, fmt.Errorf("%w (%w)", ErrSeccomp, errno)
	}
	return int(fd), nil
}

// receive takes one waiting notification. One whose thread died meanwhile is ENOENT.
func receive(fd int) (notification, error) {
	var n notification
	return n, control(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n))
}

// reply lets the call of n return errno, or 0.
func reply(fd int, n *notification, errno unix.Errno) error {
	v := verdict{id: n.id, errno: -int32(errno)}
	return control(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&v))
}

// replyWithFile lets the call of n return a descriptor of its own for our descriptor from.
func replyWithFile(fd int, n *notification, from int) error {
	h := handOver{id: n.id, flags: unix.SECCOMP_ADDFD_FLAG_SEND, from: uint32(from), openFlags: unix.O_CLOEXEC}
	return control(fd, unix.SECCOMP_IOCTL_NOTIF_ADDFD, unsafe.Pointer(&h))
}

func control(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
