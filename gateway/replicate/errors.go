package replicate

import "errors"

// What replication can answer.
var (
	ErrNoLeader       = errors.New("the cluster has no leader at the moment")
	ErrNotLeader      = errors.New("this gateway does not lead the cluster")
	ErrClosed         = errors.New("replication is closed")
	ErrGap            = errors.New("records are missing before the first one shipped")
	ErrFork           = errors.New("the cluster holds a different record under the same number; this journal has a twin")
	ErrAhead          = errors.New("the cluster holds more of this stream than its own journal; start a new stream")
	ErrNotFound       = errors.New("no such record in the replica")
	ErrDamaged        = errors.New("the replica is damaged; restart the gateway, or remove its replica directory to refill it from the peers")
	ErrCommand        = errors.New("replication command is malformed")
	ErrCommandVersion = errors.New("replication command is newer than this build; upgrade this gateway")
	ErrSnapshot       = errors.New("snapshot stream is damaged")
	ErrDiskFull       = errors.New("too little disk space for the replica; free some and restart the gateway")
	ErrStranger       = errors.New("not a member of this cluster")
	ErrNewcomer       = errors.New("this gateway began with an empty disk and has no vote before the cluster has taken it in")
	ErrTalk           = errors.New("message of a member is malformed")
	ErrMute           = errors.New("the member's build is older than the talk protocol; upgrade it")
	ErrCentral        = errors.New("central decides who is in this cluster: rollcall-central cluster")
	ErrProtocol       = errors.New("peer speaks another protocol")
)
