const VIEWS = ['kept', 'duplicates', 'rejected', 'failed', 'not_asked'];
const CHUNKS = ['failed', 'not_asked']; // views whose rows are chunks, not pairs
const SIZES = [20, 50, 100];

// A passage's sentence with the answer marked in it.
function Marked({ row }) {
  const at = row.quote ? row.sentence.indexOf(row.quote) : -1;
  if (at < 0) return <span>{row.sentence}</span>;
  return (
    <span>
      {row.sentence.slice(0, at)}
      <mark>{row.quote}</mark>
      {row.sentence.slice(at + row.quote.length)}
    </span>
  );
}

function Place({ row }) {
  return (
    <span className="qa3-place">
      {row.source}
      {row.page ? `, ${say('page', { page: row.page })}` : ''}
    </span>
  );
}

// What stands in a row beside question, answer and passage.
function Badges({ row }) {
  return (
    <>
      {row.edited && <span className="qa3-badge">{say('edited')}</span>}
      {row.beside?.length > 0 && (
        <span className="qa3-badge">{say('beside', { count: row.beside.length })}</span>
      )}
      {row.against?.length > 0 && <span className="qa3-badge qa3-bad">{say('conflict')}</span>}
      {row.doubtful && <span className="qa3-badge qa3-bad">{say('one_doubtful')}</span>}
      {row.numbers_ok === false && <span className="qa3-badge qa3-bad">{say('numbers')}</span>}
    </>
  );
}

// What rules and model say of a pair, beside its reason where it was rejected.
function Checked({ row }) {
  const told = [];
  if (row.verdict && row.verdict !== 'proven') told.push(say(`verdict_${row.verdict}`));
  if (row.verified) told.push(say('confirmed'));
  if (row.objection && !row.reason) told.push(`${say('refused')} ${row.objection}`);
  if (row.again) told.push(`${say('again')} ${row.again}`);
  if (!told.length) return null;
  return (
    <p className="qa3-quiet" data-qa3="checked">
      {told.join(' · ')}
    </p>
  );
}

function Row({ row, view, running, open, toggle, changed }) {
  const id = `qa3-${props.key}-${row.number}`;
  const failed = CHUNKS.includes(view);
  const title = failed ? row.source : row.question;
  return (
    <>
      <tr className={open ? 'qa3-open' : ''} data-qa3="row" onClick={toggle}>
        <td className="qa3-number">{row.number}</td>
        <td>
          <button
            type="button"
            className="qa3-question"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            title={say('opens', { question: title })}
            onClick={(event) => {
              event.stopPropagation();
              toggle();
            }}
          >
            {title}
          </button>
          <Badges row={row} />
          {view === 'duplicates' && (
            <p className="qa3-quiet">
              {say('ask_same')} ({row.score}): {row.of}
            </p>
          )}
          {row.doubtful && <Checked row={row} />}
          {row.reason && !failed && <p className="qa3-quiet">{row.reason}</p>}
        </td>
        <td className="qa3-answer">{failed ? row.reason : row.answer}</td>
        <td className="qa3-evidence">
          {!failed && row.header && <p className="qa3-quiet">{row.header}</p>}
          {failed ? say(view) : <Marked row={row} />}{' '}
          {!failed && <Place row={row} />}
        </td>
      </tr>
      {open && (
        <tr className="qa3-opened">
          <td colSpan="4" id={id}>
            <Details row={row} view={view} running={running} changed={changed} />
          </td>
        </tr>
      )}
    </>
  );
}

// One page of a list, with what is looked for in it and which part of it is shown.
function Table({ shown, asked, put, changed }) {
  const { view, page, size, find } = asked;
  const [open, setOpen] = useKept('open', null);
  const rows = shown.rows ?? [];
  const last = Math.max(0, Math.ceil(shown.total / size) - 1);
  const first = Math.min(page, last) * size;
  // A tab without rows that nobody looks at says nothing.
  const views = VIEWS.filter(
    (one) => shown.views?.[one] != null && (one !== 'not_asked' || shown.views[one] > 0 || one === view),
  );
  const turn = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = views[(views.indexOf(view) + step + views.length) % views.length];
    put({ ...asked, view: next, page: 0 });
    event.currentTarget.querySelector(`[data-qa3=view-${next}]`)?.focus();
  };
  return (
    <div>
      <div className="qa3-views">
        <div role="tablist" aria-label={say('list')} onKeyDown={turn}>
          {views.map((one) => (
            <button
              type="button"
              role="tab"
              key={one}
              id={`qa3-${props.key}-${one}`}
              aria-selected={one === view}
              aria-controls={`qa3-${props.key}-list`}
              tabIndex={one === view || !views.includes(view) ? 0 : -1}
              data-qa3={`view-${one}`}
              onClick={() => put({ ...asked, view: one, page: 0 })}
            >
              {say(one === 'not_asked' ? 'unasked' : one)} <b>{shown.views[one]}</b>
            </button>
          ))}
        </div>
        <input
          type="search"
          value={find}
          placeholder={say('find')}
          aria-label={say('find')}
          data-qa3="find"
          onChange={(event) => put({ ...asked, find: event.target.value, page: 0 })}
        />
      </div>
      <div id={`qa3-${props.key}-list`} role="tabpanel" aria-labelledby={`qa3-${props.key}-${view}`}>
      {rows.length === 0 ? (
        <p className="qa3-quiet" data-qa3="empty">
          {say('empty')}
        </p>
      ) : (
        <table className="qa3-table">
          <thead>
            <tr>
              <th>#</th>
              <th>{say(CHUNKS.includes(view) ? 'document' : 'question')}</th>
              <th>{say(CHUNKS.includes(view) ? 'reason' : 'answer')}</th>
              <th>{say('passage')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row
                key={`${view}-${row.id}-${row.number}`}
                row={row}
                view={view}
                running={shown.running}
                open={open === `${view}-${row.id}`}
                toggle={() => setOpen(open === `${view}-${row.id}` ? null : `${view}-${row.id}`)}
                changed={changed}
              />
            ))}
          </tbody>
        </table>
      )}
      </div>
      {shown.total > SIZES[0] && (
        <div className="qa3-pages">
          <Button size="sm" variant="outline" disabled={first === 0} data-qa3="previous"
            onClick={() => put({ ...asked, page: Math.min(page, last) - 1 })}>
            {say('previous')}
          </Button>
          <span data-qa3="page-of">
            {say('page_of', { first: first + 1, last: first + rows.length, total: shown.total })}
          </span>
          <Button size="sm" variant="outline" disabled={page >= last} data-qa3="next"
            onClick={() => put({ ...asked, page: page + 1 })}>
            {say('next')}
          </Button>
          <select
            value={size}
            aria-label={say('rows', { count: size })}
            onChange={(event) => put({ ...asked, size: Number(event.target.value), page: 0 })}
          >
            {SIZES.map((one) => (
              <option key={one} value={one}>
                {say('rows', { count: one })}
              </option>
            ))}
          </select>
        </div>
      )}
    </div>
  );
}
