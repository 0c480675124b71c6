package contract

// Enrolment asks for a client certificate with a one-time token. Nothing but the public key is taken from the request:
// the certificate's names come from what central bound to the token.
type Enrolment struct {
	Token   string `json:"token"`
	Request []byte `json:"request"` // PKCS #10, DER
}

// Renewal asks for a fresh certificate over the present one, which the connection has proved.
type Renewal struct {
	Request []byte `json:"request"` // PKCS #10, DER
}

// Credentials is what a gateway gets to prove itself with, and to tell cards by.
type Credentials struct {
	Gateway     string `json:"gateway"`     // the name in the certificate
	Building    string `json:"building"`    // the building it was enrolled for
	Certificate []byte `json:"certificate"` // X.509, DER
	Authority   []byte `json:"authority"`   // the campus authority's certificate, DER
	CampusKey   []byte `json:"campus_key"`  // for DigestOf; keep it in a file of mode 0600
}
