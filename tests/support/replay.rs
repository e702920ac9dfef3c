//! A simple, slow model of the replay buffer, and a function that compares both.

use sse_wire::{BufferTooSmall, Cursor, Event, Lagged, ReplayBuffer, Resume, event_type};

/// Every pushed event, with its position in memory.
struct Model {
    capacity: usize,
    epoch: u64,
    events: Vec<Stored>,
    /// The number of dropped events.
    gone: usize,
}

struct Stored {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Model {
    /// An event begins at the end of the previous one, or at 0 if it does not fit there. The events that it overwrites
    /// are dropped, with all older ones.
    fn push(&mut self, event: &Event<'_>) -> Result<(), BufferTooSmall> {
        let id = self.id(self.events.len() as u64 + 1);
        let event = event.id(sse_wire::EventId::new(&id).unwrap());
        let mut bytes = vec![0; event.encoded_len()];
        event.encode(&mut bytes).unwrap();
        let size = bytes.len() + 4;
        if size > self.capacity {
            return Err(BufferTooSmall { needed: bytes.len() });
        }
        let mut start = self.events.last().map_or(0, |last| last.end);
        if start + size > self.capacity {
            start = 0;
        }
        let end = start + size;
        let overlap = |stored: &Stored| stored.start < end && start < stored.end;
        for at in self.gone..self.events.len() {
            if overlap(&self.events[at]) {
                self.gone = at + 1;
            }
        }
        self.events.push(Stored { bytes, start, end });
        Ok(())
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.epoch)
    }

    /// The next result for a client that has `seen` events.
    fn next(&self, seen: &mut usize) -> Option<Result<&[u8], Lagged>> {
        if *seen < self.gone {
            let missed = (self.gone - *seen) as u64;
            *seen = self.gone;
            return Some(Err(Lagged { missed }));
        }
        let stored = self.events.get(*seen)?;
        *seen += 1;
        Some(Ok(&stored.bytes))
    }
}

/// Performs `steps`, and compares each result with the model.
pub(crate) fn run(capacity: usize, epoch: u64, steps: &[(u8, u8)]) {
    let mut replay = ReplayBuffer::new(epoch, vec![0xA5; capacity]);
    let mut model = Model { capacity, epoch, events: Vec::new(), gone: 0 };
    // Clients that read when a step says so.
    let mut clients: [(Cursor, usize); 4] = [(replay.live(), 0); 4];
    for &(step, value) in steps {
        let (cursor, seen) = &mut clients[usize::from(step >> 4) % 4];
        match step % 16 {
            0..8 => {
                let data = "d\n".repeat(usize::from(value) / 8);
                let mut event = Event::new().data(&data);
                if value % 2 == 0 {
                    event = event.event_type(event_type!("temp"));
                }
                if value % 4 == 0 {
                    event = event.id(sse_wire::event_id!("its own"));
                }
                assert_eq!(replay.push(&event), model.push(&event));
            }
            8 | 9 => {
                (*cursor, *seen) = match step % 16 {
                    8 => (replay.live(), model.events.len()),
                    _ => (replay.oldest(), model.gone),
                };
                let mut id = [0; 41];
                let id = replay.id_before(*cursor, &mut id);
                assert_eq!(id.as_bytes(), model.id(*seen as u64).as_bytes());
                assert_eq!(replay.resume(id.as_bytes()), Resume::Exact(*cursor));
            }
            10 => {
                // Mostly the number of a pushed event.
                let number = model.events.len() as u64 + 2
                    - u64::from(value).min(model.events.len() as u64 + 2);
                let resumed = replay.resume(model.id(number).as_bytes());
                if number > model.events.len() as u64 {
                    assert_eq!(resumed, Resume::Unknown, "{number}");
                    continue;
                }
                let missed = (model.gone as u64).saturating_sub(number);
                (*cursor, *seen) = match resumed {
                    Resume::Exact(cursor) => {
                        assert_eq!(missed, 0);
                        (cursor, number as usize)
                    }
                    Resume::Gap { missed: told, cursor } => {
                        assert_eq!(told, missed);
                        assert_ne!(missed, 0);
                        (cursor, number as usize)
                    }
                    Resume::Unknown => panic!("{number} is known"),
                };
            }
            _ => {
                for _ in 0..value % 8 {
                    assert_eq!(replay.next(cursor), model.next(seen));
                }
            }
        }
    }
    // Compares the stored events, and the rest for each client.
    for (cursor, seen) in clients.iter_mut().chain([&mut (replay.oldest(), model.gone)]) {
        while let Some(expected) = model.next(seen) {
            assert_eq!(replay.next(cursor), Some(expected));
        }
        assert_eq!(replay.next(cursor), None);
        assert_eq!(*cursor, replay.live());
    }
}
