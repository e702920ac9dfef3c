//! Compares `ReplayBuffer` with a model, and tests what its docs promise.

use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::{
    BufferTooSmall, Event, EventId, Lagged, ReplayBuffer, Resume, event_id, event_type,
};

#[path = "../support/replay.rs"]
mod model;

proptest! {
    #[test]
    fn equals_the_model_at_every_small_size(
        epoch in prop_oneof![Just(0), 1_u64..20, any::<u64>()],
        steps in vec(any::<(u8, u8)>(), 0..150),
    ) {
        for capacity in 0..=200 {
            model::run(capacity, epoch, &steps);
        }
    }

    #[test]
    fn equals_the_model_over_many_wraps(
        capacity in 20_usize..600,
        steps in vec(any::<(u8, u8)>(), 0..3000),
    ) {
        model::run(capacity, 7, &steps);
    }

    #[test]
    fn any_id_will_do(id in vec(any::<u8>(), 0..40), digits in "[0-9+ -]{0,24}") {
        let replay = buffer(3);
        for id in [&id[..], digits.as_bytes(), format!("7-{digits}").as_bytes()] {
            let is_known = [b"7-0", b"7-1", b"7-2", b"7-3"].iter().any(|known| &known[..] == id);
            prop_assert_eq!(replay.resume(id) != Resume::Unknown, is_known);
        }
    }
}

/// A buffer of epoch 7, with the events `e1`, `e2` and so on.
fn buffer(events: u32) -> ReplayBuffer<[u8; 256]> {
    let mut replay = ReplayBuffer::new(7, [0; 256]);
    for number in 1..=events {
        replay.push(&Event::new().data(&format!("e{number}"))).unwrap();
    }
    replay
}

#[test]
fn ids_are_epoch_and_number() {
    let mut replay = ReplayBuffer::new(u64::MAX, [0; 256]);
    let event = Event::new().event_type(event_type!("t")).id(event_id!("its own")).data("a\nb");
    replay.push(&event).unwrap();
    let mut cursor = replay.oldest();
    let expected = b"event: t\nid: 18446744073709551615-1\ndata: a\ndata: b\n\n";
    assert_eq!(replay.next(&mut cursor), Some(Ok(&expected[..])));
    assert_eq!(replay.resume(b"18446744073709551615-1"), Resume::Exact(replay.live()));
    (1..999).for_each(|_| replay.push(&event).unwrap());
    let mut cursor = replay.live();
    replay.push(&event).unwrap();
    let expected = b"event: t\nid: 18446744073709551615-1000\ndata: a\ndata: b\n\n";
    assert_eq!(replay.next(&mut cursor), Some(Ok(&expected[..])));
}

#[test]
fn resumes_exactly() {
    let replay = buffer(5);
    let Resume::Exact(mut cursor) = replay.resume(b"7-3") else { panic!() };
    assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-4\ndata: e4\n\n"[..])));
    assert_eq!(replay.resume(b"7-5"), Resume::Exact(replay.live()));
    let mut other = replay.live();
    assert_eq!(replay.next(&mut other), None);
}

#[test]
fn tells_of_a_gap_and_how_much_is_missing() {
    // Events of 17 bytes and 4, later 18 and 19: about a dozen are kept.
    let replay = buffer(200);
    let mut oldest = replay.oldest();
    let first = replay.next(&mut oldest).unwrap().unwrap();
    let first = std::str::from_utf8(first).unwrap().lines().next().unwrap();
    let first: u64 = first.strip_prefix("id: 7-").unwrap().parse().unwrap();
    assert!((185..195).contains(&first), "{first}");

    // A client one before the oldest missed nothing; the one before that missed one event.
    let resume = |number: u64| replay.resume(format!("7-{number}").as_bytes());
    assert_eq!(resume(first - 1), Resume::Exact(replay.oldest()));
    for (number, expected) in [(first - 2, 1), (1, first - 2)] {
        let Resume::Gap { missed, mut cursor } = resume(number) else { panic!() };
        assert_eq!(missed, expected);
        // A client that ignores the result gets it again.
        assert_eq!(replay.next(&mut cursor), Some(Err(Lagged { missed })));
        assert_eq!(cursor, replay.oldest());
    }
}

#[test]
fn does_not_know_other_ids() {
    let replay = buffer(5);
    for id in [
        "",
        "-",
        "7",
        "7-",
        "7-00",
        "7-6",
        "7-01",
        "7-+1",
        "7- 1",
        "7-1 ",
        " 7-1",
        "07-1",
        "6-1",
        "8-1",
        "77-1",
        "-7-1",
        "7--1",
        "7-1-1",
        "nonsense",
        "7-18446744073709551617",
        "7-18446744073709551615",
    ] {
        assert_eq!(replay.resume(id.as_bytes()), Resume::Unknown, "{id:?}");
    }
    assert_eq!(ReplayBuffer::new(7, [0; 64]).resume(b"7-1"), Resume::Unknown, "nothing was pushed");
}

/// A client that is sent `id_before` and loses its connection before the first event.
#[test]
fn resumes_where_a_client_without_an_event_began() {
    // 18446744073709551615-18446744073709551614 is the longest.
    for (epoch, before) in [(7, 0), (7, 5), (u64::MAX, 0), (0, 200)] {
        let mut replay = ReplayBuffer::new(epoch, [0; 128]);
        let push = |replay: &mut ReplayBuffer<_>, times: u64| {
            (0..times).for_each(|_| replay.push(&Event::new().data("x")).unwrap());
        };
        push(&mut replay, before);
        let mut id = [0; 41];
        let id = replay.id_before(replay.live(), &mut id);
        assert_eq!(id.as_bytes(), format!("{epoch}-{before}").as_bytes());
        assert_eq!(replay.resume(id.as_bytes()), Resume::Exact(replay.live()));

        push(&mut replay, 1);
        let Resume::Exact(mut cursor) = replay.resume(id.as_bytes()) else { panic!() };
        let expected = format!("id: {epoch}-{}\ndata: x\n\n", before + 1);
        assert_eq!(replay.next(&mut cursor), Some(Ok(expected.as_bytes())));
        push(&mut replay, 99);
        let Resume::Gap { missed, mut cursor } = replay.resume(id.as_bytes()) else { panic!() };
        assert_eq!(replay.next(&mut cursor), Some(Err(Lagged { missed })));
        let kept = std::iter::from_fn(|| replay.next(&mut cursor)).count() as u64;
        assert_eq!(missed + kept, 100);
    }
}

#[test]
fn tells_a_slow_client_once() {
    let mut replay = buffer(0);
    let mut slow = replay.live();
    for _ in 0..100 {
        replay.push(&Event::new().data("x")).unwrap();
    }
    let Some(Err(Lagged { missed })) = replay.next(&mut slow) else { panic!() };
    assert_eq!(slow, replay.oldest());
    let mut events = 0;
    while let Some(event) = replay.next(&mut slow) {
        assert!(event.is_ok(), "told once");
        events += 1;
    }
    assert_eq!(missed + events, 100);
    assert!(Lagged { missed }.to_string().contains(&missed.to_string()));
}

#[test]
fn an_event_that_never_fits_changes_nothing() {
    let mut replay = buffer(3);
    let before = format!("{replay:?}");
    assert!(before.contains("7-") && before.contains("1..4"), "{before}");
    let long = "x".repeat(300);
    let needed = Event::new().id(EventId::new("7-4").unwrap()).data(&long).encoded_len();
    assert_eq!(replay.push(&Event::new().data(&long)), Err(BufferTooSmall { needed }));
    assert_eq!(format!("{replay:?}"), before);
    assert_eq!(replay.resume(b"7-3"), Resume::Exact(replay.live()));
    replay.push(&Event::new().data("e4")).unwrap();
    let Resume::Exact(mut cursor) = replay.resume(b"7-3") else { panic!() };
    assert_eq!(replay.next(&mut cursor), Some(Ok(&b"id: 7-4\ndata: e4\n\n"[..])));
}

#[test]
fn it_is_small_and_lies_in_any_memory() {
    assert!(size_of::<ReplayBuffer<[u8; 0]>>() <= 64);
    let mut memory = [0; 64];
    let mut replay = ReplayBuffer::new(1, &mut memory[..]);
    replay.push(&Event::new().data("a")).unwrap();
    let mut replay = ReplayBuffer::new(1, vec![0; 64]);
    replay.push(&Event::new().data("a")).unwrap();
    static SHARED: std::sync::Mutex<ReplayBuffer<[u8; 64]>> =
        std::sync::Mutex::new(ReplayBuffer::new(1, [0; 64]));
    SHARED.lock().unwrap().push(&Event::new().data("a")).unwrap();
}
