// The journal's jobs; any of them can be opened here, whoever began it and wherever.
function Jobs() {
  const [jobs, setJobs] = useKept('jobs', null);
  useEffect(() => {
    ask('qa3_jobs').then((came) => setJobs(came.jobs ?? []));
  }, []);
  if (!jobs) return <p className="qa3-quiet">…</p>;
  return (
    <section className="qa3-job" data-qa3="jobs" aria-label={say('jobs')}>
      <ul className="qa3-jobs">
        {jobs.map((job) => (
          <li key={job.id}>
            <span>
              <b>{job.names.join(', ') || job.id}</b>{' '}
              <span className="qa3-badge">{say(job.state.replace(' ', '_'))}</span>
              <span className="qa3-quiet">
                {new Date(job.created * 1000).toLocaleString()} · {job.backend}
                {job.kept != null && ` · ${say('pairs', { count: job.kept })}`}
                {job.done != null && ` · ${say('chunks', { done: job.done, total: job.chunks })}`}
              </span>
            </span>
            <Button size="sm" variant="outline" data-qa3={`open-${job.id}`}
              aria-label={`${say('open')} ${job.names.join(', ')} ${job.id}`}
              onClick={() => act('qa3_open', { job: job.id })}>
              {say('open')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default (kept.element ??= Jobs);
