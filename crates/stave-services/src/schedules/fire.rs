//! Fires what is due: claims it, by moving its timer on, and queues what it sends.

use jiff::{SignedDuration, Timestamp};
use stave_core::Result;
use stave_store::eventing::{Kind, NewDelivery, Rows, Timer};

use super::documents::{RuleText, read};
use super::plan::Plan;
use super::{Missed, Schedules};

/// How late a firing may be that was not missed, in seconds.
const GRACE_SECONDS: i64 = 60;
/// How many timers one transaction moves on.
const BATCH: usize = 100;

/// What an owner of a timer is to do.
pub(super) struct Firing {
    /// When it is due.
    pub plan: Plan,
    /// Whether it goes when it is not due any more.
    pub ends: bool,
}

// A method's path is not general enough in its lifetimes.
fn next_timer(rows: &Rows<'_>) -> Result<Option<Timestamp>> {
    rows.next_timer()
}

impl Schedules {
    /// Fires what is due at the present moment; says when something is due next. Blocking.
    pub fn tick(&self) -> Result<Option<Timestamp>> {
        let now = self.store().clock_now();
        loop {
            let next = self.store().eventing_read(next_timer)?;
            if next.is_none_or(|next| next > now) {
                return Ok(next);
            }
            let fired = self.store().eventing_write(|rows| {
                let mut fired = Vec::new();
                for timer in rows.due_timers(now, BATCH)? {
                    if self.fire(rows, &timer, now)? {
                        fired.push(timer.owner);
                    }
                }
                Ok(fired)
            })?;
            self.count_firings(&fired);
        }
    }

    /// Fires an owner of a timer that is due; says whether it was to be fired.
    fn fire(&self, rows: &Rows<'_>, timer: &Timer, now: Timestamp) -> Result<bool> {
        let rule = match self.own_rule(&timer.owner) {
            Some((bus, name)) => rows
                .document(Kind::Rule, bus, name)?
                .map(|document| Ok(((bus, name), read::<RuleText>(&document.text)?)))
                .transpose()?,
            None => None,
        };
        if let Some((place, text)) = rule {
            let Some(schedule) = text.schedule.as_deref().filter(|_| text.enabled) else {
                return rows.clear_timer(&timer.owner).map(|()| false);
            };
            let plan = Plan::of_rule(&timer.owner, schedule, timer.anchor_at)?;
            let firing = Firing { plan, ends: false };
            return self.move_on(rows, timer, &firing, now, |due| {
                self.scheduled_deliveries(rows, place, &text, due)
            });
        }
        let schedule = self.schedule_of(rows, &timer.owner)?;
        if let Some((place, schedule)) = schedule.filter(|(_, schedule)| schedule.is_enabled) {
            let firing = schedule.firing(&timer.owner, timer.anchor_at)?;
            let fired = self.move_on(rows, timer, &firing, now, |due| {
                Ok(vec![self.schedule_delivery(
                    &timer.owner,
                    &schedule,
                    due,
                    rows.now(),
                )?])
            })?;
            if firing.ends && rows.timer(&timer.owner)?.is_none() {
                let (group, name) = place;
                rows.remove_document(Kind::Schedule, group, name)?;
            }
            return Ok(fired);
        }
        rows.clear_timer(&timer.owner).map(|()| false)
    }

    /// Sends what is to be sent, and sets the timer for the next time; says whether it was
    /// not left out.
    fn move_on(
        &self,
        rows: &Rows<'_>,
        timer: &Timer,
        firing: &Firing,
        now: Timestamp,
        send: impl FnOnce(Timestamp) -> Result<Vec<NewDelivery>>,
    ) -> Result<bool> {
        let plan = &firing.plan;
        let due = plan.last_until(timer.due_at, now);
        let allowed = i64::from(plan.window_minutes) * 60 + GRACE_SECONDS;
        let in_time = now.duration_since(due) <= SignedDuration::from_secs(allowed);
        let fires = in_time || self.0.options.missed == Missed::RunOnce;
        if fires {
            for delivery in send(due)? {
                rows.add_delivery(&delivery)?;
            }
        }
        match plan.timer_after(due) {
            Some(next) => rows.set_timer(&next),
            None => rows.clear_timer(&timer.owner),
        }
        .map(|()| fires)
    }
}
