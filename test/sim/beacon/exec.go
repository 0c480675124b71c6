package beacon

import (
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Exec becomes the program at path, with argv (its name first) and env, on the radio that listens at socket (Radio.Socket).
// Like execve(2) it keeps the process id and returns only when it fails; ErrSeccomp tells that this machine cannot do it.
func Exec(socket, path string, argv, env []string) error {
	runtime.LockOSThread() // the filter is this thread's, and this thread is what lives on
	defer runtime.UnlockOSThread()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: socket})
	if err != nil {
		return fmt.Errorf("find radio: %w", err)
	}
	defer conn.Close()
	filter, err := install()
	if err != nil {
		return err
	}
	defer unix.Close(filter)
	if _, _, err := conn.WriteMsgUnix([]byte{0}, unix.UnixRights(filter), nil); err != nil {
		return fmt.Errorf("hand filter to radio: %w", err)
	}
	return fmt.Errorf("execute %s: %w", path, unix.Exec(path, argv, env))
}

// receiveFile takes the descriptor that Exec sends.
func receiveFile(conn *net.UnixConn) (*os.File, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := conn.ReadMsgUnix(make([]byte, 1), control)
	if err != nil {
		return nil, fmt.Errorf("receive filter: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return nil, fmt.Errorf("receive filter: %d messages: %w", len(messages), os.ErrInvalid)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, fmt.Errorf("receive filter: %d descriptors: %w", len(fds), os.ErrInvalid)
	}
	return pollable(fds[0])
}
