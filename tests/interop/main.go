// SPDX-License-Identifier: Apache-2.0

// Interop reads a log over HTTP and checks exported proofs with tools that others wrote: filippo.io/torchwood for C2SP
// tlog-tiles, checkpoints and tlog-proofs, golang.org/x/mod for Merkle proofs, github.com/veraison/go-cose for COSE.
//
//	interop PREFIX VKEY ENTRY TLOG-PROOF COSE-RECEIPT
//
// It prints how many entries it has read, and ends with an error at the first thing that does not hold.
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"filippo.io/torchwood"
	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	prefix, vkey := os.Args[1], os.Args[2]
	entry, proof, receipt := read(os.Args[3]), read(os.Args[4]), read(os.Args[5])
	verifier, err := note.NewVerifier(vkey)
	check(err)
	origin := torchwood.OriginPolicy(verifier.Name())
	policy := torchwood.ThresholdPolicy(2, origin, torchwood.SingleVerifierPolicy(verifier))
	fmt.Println(readLog(prefix, policy))
	check(torchwood.VerifyProof(policy, tlog.RecordHash(entry), proof))
	checkReceipt(receipt, entry, vkey)
	for _, spoiled := range [][]byte{entry[:len(entry)-1], append(entry, 0)} {
		if torchwood.VerifyProof(policy, tlog.RecordHash(spoiled), proof) == nil {
			log.Fatal("the proof holds for another entry")
		}
	}
}

// readLog reads every entry from the bundles, each checked against the tiles, and the tiles against the checkpoint; then
// proves the log's growth from the tiles and compares with what the log says.
func readLog(prefix string, policy torchwood.Policy) int64 {
	ctx := context.Background()
	fetcher, err := torchwood.NewTileFetcher(prefix)
	check(err)
	signed, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	check(err)
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, policy)
	check(err)
	client, err := torchwood.NewClient(fetcher)
	check(err)
	var count int64
	for i := range client.AllEntries(ctx, checkpoint.Tree, 0) {
		if i != count {
			log.Fatalf("entry %d came as number %d", i, count)
		}
		count++
	}
	check(client.Err())
	if count != checkpoint.N {
		log.Fatalf("%d entries of %d", count, checkpoint.N)
	}
	hashes := torchwood.TileHashReaderWithContext(ctx, checkpoint.Tree, fetcher)
	for old := int64(1); old < checkpoint.N; old += 1 + checkpoint.N/50 {
		proof, err := tlog.ProveTree(checkpoint.N, old, hashes)
		check(err)
		root, err := tlog.TreeHash(old, hashes)
		check(err)
		check(tlog.CheckTree(consistency(prefix, old, checkpoint.N), checkpoint.N, checkpoint.Hash, old, root))
		check(tlog.CheckTree(proof, checkpoint.N, checkpoint.Hash, old, root))
	}
	return count
}

func consistency(prefix string, old, size int64) tlog.TreeProof {
	answer, err := http.Get(fmt.Sprintf("%s/consistency/%d/%d", prefix, old, size))
	check(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(err)
	var proof tlog.TreeProof
	for line := range strings.Lines(string(body)) {
		hash, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		check(err)
		proof = append(proof, hash)
	}
	return proof
}

func checkReceipt(receipt, entry []byte, vkey string) {
	var message cose.Sign1Message
	check(message.UnmarshalCBOR(receipt))
	proofs := message.Headers.Unprotected[int64(396)].(map[any]any)
	encoded := proofs[int64(-1)].([]any)[0].([]byte)
	var proof struct {
		_     struct{} `cbor:",toarray"`
		Size  int64
		Index int64
		Path  [][]byte
	}
	check(cbor.Unmarshal(encoded, &proof))
	message.Payload = rootOf(tlog.RecordHash(entry), proof.Index, proof.Size, proof.Path)
	key, err := base64.StdEncoding.DecodeString(strings.SplitN(vkey, "+", 3)[2])
	check(err)
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, ed25519.PublicKey(key[1:]))
	check(err)
	check(message.Verify(nil, verifier))
	message.Payload = bytes.Repeat([]byte{1}, 32)
	if message.Verify(nil, verifier) == nil {
		log.Fatal("the receipt holds for another root")
	}
}

// rootOf is RFC 9162 section 2.1.3.2; x/mod compares with a root, and a COSE receipt has none.
func rootOf(leaf tlog.Hash, index, size int64, path [][]byte) []byte {
	fn, sn, r := index, size-1, leaf
	for _, p := range path {
		var sibling tlog.Hash
		copy(sibling[:], p)
		if fn&1 == 1 || fn == sn {
			r = tlog.NodeHash(sibling, r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = tlog.NodeHash(r, sibling)
		}
		fn, sn = fn>>1, sn>>1
	}
	if sn != 0 {
		log.Fatal("the proof is too short")
	}
	return r[:]
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	check(err)
	return data
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
