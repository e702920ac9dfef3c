//! Tests of `Hub`: live events, replay, gaps, slow clients, the end.
#![cfg(feature = "body")]
#![allow(clippy::restriction)]

use futures_util::{FutureExt, StreamExt};
use sse_wire::{Event, event_type};
use sse_wire_http::{EventStream, Hub, OutEvent, Subscription};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

const EPOCH: u64 = 7;

fn hub(capacity: usize) -> Hub {
    Hub::with_epoch(EPOCH, capacity)
}

fn publish(hub: &Hub, data: &str) {
    hub.publish(&Event::new().data(data)).unwrap();
}

/// The items that a client gets without waiting, as text, and whether the stream has ended.
fn waiting(client: &mut Subscription) -> (String, bool) {
    let mut text = String::new();
    while let Some(item) = client.next().now_or_never() {
        let Some(Ok(event)) = item else { return (text, true) };
        text += str::from_utf8(event.as_bytes()).unwrap();
    }
    (text, false)
}

fn told(client: &mut Subscription) -> String {
    waiting(client).0
}

/// A client without an id, after the block that gives it one.
fn new_client(hub: &Hub) -> Subscription {
    let mut client = hub.subscribe(None);
    let Ok(head) = client.next().now_or_never().unwrap().unwrap();
    assert!(head.as_bytes().starts_with(b"id: "), "{head:?}");
    client
}

#[test]
fn a_client_without_an_id_gets_what_comes() {
    let hub = hub(1024);
    publish(&hub, "1");
    let mut client = hub.subscribe(None);
    assert_eq!(told(&mut client), "id: 7-1\n\n");
    publish(&hub, "2");
    assert_eq!(told(&mut client), "id: 7-2\ndata: 2\n\n");
    assert_eq!(told(&mut client), "");
    publish(&hub, "3");
    publish(&hub, "4");
    assert_eq!(told(&mut client), "id: 7-3\ndata: 3\n\nid: 7-4\ndata: 4\n\n");
    assert_eq!(
        told(&mut hub.subscribe_from_oldest()),
        "id: 7-0\n\n\
         id: 7-1\ndata: 1\n\nid: 7-2\ndata: 2\n\nid: 7-3\ndata: 3\n\nid: 7-4\ndata: 4\n\n"
    );
}

#[test]
fn an_empty_id_is_none() {
    let hub = hub(1024);
    publish(&hub, "1");
    assert_eq!(told(&mut hub.subscribe(Some(""))), "id: 7-1\n\n");
}

#[test]
fn a_client_misses_nothing_if_its_connection_ends_before_its_first_event() {
    let hub = hub(66);
    // Dropped at once.
    assert_eq!(told(&mut hub.subscribe(None)), "id: 7-0\n\n");
    publish(&hub, "1");
    publish(&hub, "2");
    let both = "id: 7-1\ndata: 1\n\nid: 7-2\ndata: 2\n\n";
    assert_eq!(told(&mut hub.subscribe(Some("7-0"))), both);
    ["3", "4", "5"].iter().for_each(|data| publish(&hub, data));
    let gap = "event: gap\ndata: {\"missed\":2}\n\n";
    assert!(told(&mut hub.subscribe(Some("7-0"))).starts_with(gap));
}

#[test]
fn a_client_that_comes_back_goes_on_where_it_stopped() {
    let hub = hub(1024);
    for data in ["1", "2", "3"] {
        publish(&hub, data);
    }
    assert_eq!(told(&mut hub.subscribe(Some("7-2"))), "id: 7-3\ndata: 3\n\n");
    assert_eq!(told(&mut hub.subscribe(Some("7-3"))), "");
    let mut client = hub.subscribe(Some("7-1"));
    publish(&hub, "4");
    let expected = "id: 7-2\ndata: 2\n\nid: 7-3\ndata: 3\n\nid: 7-4\ndata: 4\n\n";
    assert_eq!(told(&mut client), expected);
}

#[test]
fn gaps_are_told_with_their_size() {
    // An event takes 18 bytes and four more: the ring holds three.
    let hub = hub(66);
    for data in ["1", "2", "3", "4", "5"] {
        publish(&hub, data);
    }
    let rest = "id: 7-3\ndata: 3\n\nid: 7-4\ndata: 4\n\nid: 7-5\ndata: 5\n\n";
    assert_eq!(told(&mut hub.subscribe(Some("7-2"))), rest);
    let gap = "event: gap\ndata: {\"missed\":1}\n\n";
    assert_eq!(told(&mut hub.subscribe(Some("7-1"))), format!("{gap}{rest}"));
}

#[test]
fn an_id_of_another_run_is_a_gap_of_unknown_size() {
    let hub = hub(1024);
    publish(&hub, "1");
    let expected = "event: gap\ndata: {\"missed\":null}\n\nid: 7-1\ndata: 1\n\n";
    for id in ["6-1", "7-9", "7-00", "7-01", "x", "\u{FFFD}"] {
        assert_eq!(told(&mut hub.subscribe(Some(id))), expected, "{id}");
    }
}

#[test]
fn a_client_that_lags_is_told_and_goes_on() {
    let hub = hub(66);
    let mut client = new_client(&hub);
    publish(&hub, "1");
    assert_eq!(told(&mut client), "id: 7-1\ndata: 1\n\n");
    for data in ["2", "3", "4", "5", "6"] {
        publish(&hub, data);
    }
    let expected = "event: gap\ndata: {\"missed\":2}\n\n\
                    id: 7-4\ndata: 4\n\nid: 7-5\ndata: 5\n\nid: 7-6\ndata: 6\n\n";
    assert_eq!(told(&mut client), expected);
    publish(&hub, "7");
    assert_eq!(told(&mut client), "id: 7-7\ndata: 7\n\n");
}

#[test]
fn an_event_is_shared_by_all_clients_that_take_it_at_once() {
    let hub = hub(1024);
    let mut clients = [new_client(&hub), new_client(&hub), new_client(&hub)];
    publish(&hub, "1");
    let addresses = clients.each_mut().map(|client| {
        let Ok(event) = client.next().now_or_never().unwrap().unwrap();
        event.as_bytes().as_ptr()
    });
    assert_eq!(addresses[0], addresses[1]);
    assert_eq!(addresses[0], addresses[2]);
}

#[test]
fn a_batch_of_old_events_is_bounded() {
    let hub = hub(1024 * 1024);
    let data = "x".repeat(1000);
    for _ in 0..500 {
        publish(&hub, &data);
    }
    let mut client = hub.subscribe_from_oldest();
    assert!(client.next().now_or_never().is_some(), "the id");
    let mut events = 0;
    while let Some(Some(Ok(batch))) = client.next().now_or_never() {
        assert!(batch.as_bytes().len() < 16 * 1024 + 1100);
        events += batch.as_bytes().iter().filter(|&&byte| byte == b'i').count();
    }
    assert_eq!(events, 500);
}

#[test]
fn the_reconnection_time_comes_first() {
    let hub = hub(1024).retry(Duration::from_secs(2));
    publish(&hub, "1");
    assert_eq!(told(&mut hub.subscribe(Some("7-0"))).lines().next(), Some("retry: 2000"));
    let mut client = hub.subscribe(None);
    assert_eq!(told(&mut client), "id: 7-1\nretry: 2000\n\n");
    let all = "id: 7-0\nretry: 2000\n\nid: 7-1\ndata: 1\n\n";
    assert_eq!(told(&mut hub.subscribe_from_oldest()), all);
    publish(&hub, "2");
    assert_eq!(told(&mut client), "id: 7-2\ndata: 2\n\n");
}

#[test]
fn closing_ends_the_streams_after_what_was_published() {
    let hub = hub(1024);
    let mut client = new_client(&hub);
    publish(&hub, "1");
    hub.close();
    publish(&hub, "too late");
    assert_eq!(waiting(&mut client), ("id: 7-1\ndata: 1\n\n".to_owned(), true));
    assert_eq!(waiting(&mut client), (String::new(), true));
    assert_eq!(waiting(&mut new_client(&hub)), (String::new(), true));
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_streams_as_closing_does() {
    let hub = hub(1024);
    let mut client = new_client(&hub);
    let waiting_client = tokio::spawn(data(new_client(&hub)));
    tokio::task::yield_now().await;
    drop(hub.clone());
    assert_eq!(waiting(&mut client), (String::new(), false));
    publish(&hub, "1");
    drop(hub);
    assert_eq!(waiting(&mut client), ("id: 7-1\ndata: 1\n\n".to_owned(), true));
    assert_eq!(waiting_client.await.unwrap(), ["1"]);
}

#[test]
fn a_stream_is_over_if_the_hub_is_closed_and_no_event_is_missing() {
    let hub = hub(1024);
    publish(&hub, "1");
    publish(&hub, "2");
    let [complete, new] = [Some("7-2"), None].map(|id| hub.subscribe(id));
    assert!(!complete.is_over() && !new.is_over(), "more may come");
    hub.close();
    assert!(complete.is_over() && new.is_over());
    assert!(hub.subscribe(None).is_over());
    for id in ["7-1", "6-2"] {
        let mut client = hub.subscribe(Some(id));
        assert!(!client.is_over(), "{id}: the client has not received an event, or the gap");
        assert!(told(&mut client).ends_with("data: 2\n\n"));
        assert!(client.is_over());
    }
}

#[test]
fn an_event_longer_than_the_hub_is_refused_and_changes_nothing() {
    let hub = hub(66);
    let mut client = new_client(&hub);
    publish(&hub, "1");
    assert!(hub.publish(&Event::new().data(&"x".repeat(100))).is_err());
    publish(&hub, "2");
    assert_eq!(told(&mut client), "id: 7-1\ndata: 1\n\nid: 7-2\ndata: 2\n\n");
}

#[test]
fn the_hub_gives_ids_in_place_of_the_events_own() {
    let hub = hub(1024);
    let mut client = new_client(&hub);
    let event = Event::new().event_type(event_type!("e")).id(sse_wire::event_id!("x"));
    hub.publish(&event.data("1")).unwrap();
    assert_eq!(told(&mut client), "event: e\nid: 7-1\ndata: 1\n\n");
}

#[test]
fn two_hubs_have_different_ids() {
    let [first, second] = [(); 2].map(|()| {
        let hub = Hub::new(1024);
        publish(&hub, "1");
        told(&mut hub.subscribe_from_oldest())
    });
    assert_ne!(first, second);
}

/// The data of events until the stream ends.
async fn data(client: Subscription) -> Vec<String> {
    let chunks = client.map(|event| event.map(OutEvent::into_bytes));
    let events = EventStream::new(chunks);
    events.map(|event| event.unwrap().data).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_client_gets_each_event_once_while_several_publish() {
    const PUBLISHERS: usize = 4;
    const EVENTS: usize = 500;
    let hub = Hub::new(1024 * 1024);
    let clients: Vec<_> = (0..50).map(|_| tokio::spawn(data(new_client(&hub)))).collect();
    let publishers = (0..PUBLISHERS).map(|publisher| {
        let hub = hub.clone();
        tokio::spawn(async move {
            for number in 0..EVENTS {
                publish(&hub, &format!("{publisher} {number}"));
                if number % 16 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.unwrap();
    }
    hub.close();
    let mut first = None;
    for client in clients {
        let data = client.await.unwrap();
        assert_eq!(data.len(), PUBLISHERS * EVENTS);
        for publisher in 0..PUBLISHERS {
            let own = data.iter().filter(|data| data.starts_with(&format!("{publisher} ")));
            let expected = (0..EVENTS).map(|number| format!("{publisher} {number}"));
            assert!(own.cloned().eq(expected), "the events of {publisher} are in order");
        }
        // All clients receive the same order.
        assert_eq!(&data, first.get_or_insert_with(|| data.clone()));
    }
}

/// Each event is published when the client has received the previous one and is about to wait, a bit later each time. A
/// lost wake-up stops both.
#[test]
fn no_wake_up_is_lost() {
    const EVENTS: usize = 20_000;
    let hub = Hub::new(4096);
    let mut client = new_client(&hub);
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            while let Some(Ok(_)) = client.next().await {
                counted.fetch_add(1, Ordering::Release);
            }
        });
    });
    for number in 0..EVENTS {
        publish(&hub, "x");
        let start = std::time::Instant::now();
        let mut spins = 0_u64;
        while taken.load(Ordering::Acquire) <= number {
            spins += 1;
            if spins.is_multiple_of(1000) {
                std::thread::yield_now();
                assert!(start.elapsed().as_secs() < 30, "a wake-up was lost");
            }
        }
        for _ in 0..number % 256 {
            std::hint::spin_loop();
        }
    }
    hub.close();
    client.join().unwrap();
}

#[tokio::test]
async fn closing_wakes_a_client_that_waits() {
    let hub = hub(1024);
    let client = tokio::spawn(data(new_client(&hub)));
    tokio::task::yield_now().await;
    hub.close();
    assert_eq!(client.await.unwrap(), [""; 0]);
}

#[test]
fn one_task_can_move_a_client_to_another() {
    let hub = hub(1024);
    let mut client = new_client(&hub);
    // One task waits, and the other wakes it.
    assert!(client.next().now_or_never().is_none());
    let mut task = std::pin::pin!(client.next());
    let (waker, count) = counting_waker();
    let mut context = Context::from_waker(&waker);
    assert!(task.as_mut().poll(&mut context).is_pending());
    publish(&hub, "1");
    assert_eq!(count.load(Ordering::Relaxed), 1);
    assert!(task.as_mut().poll(&mut context).is_ready());
}

/// A waker that counts its calls.
fn counting_waker() -> (Waker, Arc<AtomicUsize>) {
    struct Count(Arc<AtomicUsize>);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    (Arc::new(Count(Arc::clone(&count))).into(), count)
}
