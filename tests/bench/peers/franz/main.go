// What a careful user of Go writes: net/http, encoding/json and franz-go, idempotent by default.
// Without its snappy, as nobody else compresses. With -transactions it commits every 1,000 records.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

type change struct {
	Meta struct {
		Domain string `json:"domain"`
		Dt     string `json:"dt"`
	} `json:"meta"`
	ID        *int64  `json:"id"`
	Type      string  `json:"type"`
	Namespace int     `json:"namespace"`
	Title     string  `json:"title"`
	User      *string `json:"user"`
	Bot       bool    `json:"bot"`
	Length    struct {
		Old *int64 `json:"old"`
		New *int64 `json:"new"`
	} `json:"length"`
}

type message struct {
	ID        *int64  `json:"id"`
	Domain    string  `json:"domain"`
	Namespace string  `json:"namespace"`
	Title     string  `json:"title"`
	Timestamp string  `json:"timestamp"`
	UserName  *string `json:"user_name"`
	UserType  string  `json:"user_type"`
	OldLength *int64  `json:"old_length"`
	NewLength *int64  `json:"new_length"`
}

const transactionRecords = 1000

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	wanted, err := strconv.Atoi(os.Getenv("EVENTS"))
	check(err)
	namespaces := map[string]string{}
	check(json.Unmarshal([]byte(os.Getenv("NAMESPACES")), &namespaces))
	options := []kgo.Opt{
		kgo.SeedBrokers(os.Getenv("BROKER")),
		kgo.DefaultProduceTopic(os.Getenv("TOPIC")),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	}
	transactional := len(os.Args) > 1 && os.Args[1] == "-transactions"
	if transactional {
		options = append(options, kgo.TransactionalID(os.Getenv("TOPIC")))
	}
	client, err := kgo.NewClient(options...)
	check(err)
	defer client.Close()
	request, err := http.NewRequest(http.MethodGet, os.Getenv("STREAM_URL"), nil)
	check(err)
	// Wikimedia refuses clients that do not name themselves.
	request.Header.Set("User-Agent", "franz/1.0 (franz@example.org)")
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()

	ctx := context.Background()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(make([]byte, 64*1024), 9*1024*1024)
	var failed atomic.Int64
	commit := func() {
		check(client.Flush(ctx))
		check(client.EndTransaction(ctx, kgo.TransactionEndTry(failed.Load() == 0)))
	}
	sent := 0
	for sent < wanted && lines.Scan() {
		data, isData := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !isData {
			continue
		}
		var event change
		if json.Unmarshal(data, &event) != nil || event.Type != "edit" {
			continue
		}
		namespace, known := namespaces[strconv.Itoa(event.Namespace)]
		if !known {
			namespace = "unknown"
		}
		userType := "human"
		if event.Bot {
			userType = "bot"
		}
		value, err := json.Marshal(message{
			event.ID, event.Meta.Domain, namespace, event.Title, event.Meta.Dt,
			event.User, userType, event.Length.Old, event.Length.New,
		})
		check(err)
		if transactional && sent%transactionRecords == 0 {
			if sent > 0 {
				commit()
			}
			check(client.BeginTransaction())
		}
		record := &kgo.Record{Key: []byte(event.Meta.Domain + "/" + event.Title), Value: value}
		client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
			}
		})
		sent++
	}
	check(lines.Err())
	if transactional {
		commit()
	} else {
		check(client.Flush(ctx))
	}
	if failed.Load() > 0 || sent < wanted {
		log.Fatalf("%d sent, %d failed", sent, failed.Load())
	}
}
