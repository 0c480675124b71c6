package contract

import "time"

// Credits are the taps that one gateway credited within the last day, as central knows them.
type Credits struct {
	Credits []Credit `json:"credits"`
}

// Credit is one of them: a credential, the session it was credited to, and when.
type Credit struct {
	Digest  Digest    `json:"digest"`
	Session string    `json:"session"`
	At      time.Time `json:"at"`
}
