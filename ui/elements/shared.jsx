import { useCallback, useEffect, useRef, useState } from 'react';
import { toast } from 'sonner';
import { Button } from '@/components/ui/button';

// What an element remembers outlives it: Chainlit builds it anew whenever the chat around changes.
const kept = ((window.qa3 ??= {})[props.key] ??= {});

// A word of the chat's language with its fields filled in; a number takes its word along.
function say(name, fields = {}) {
  return (props.words[name] ?? name).replace(
    /\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g,
    (whole, field, one, many) => {
      if (fields[field] == null) return whole;
      if (one == null) return fields[field];
      return `${fields[field]} ${Number(fields[field]) === 1 ? one : many}`;
    },
  );
}

// What the server answers; throws where there is no connection to it.
async function ask(name, given = {}) {
  const came = await callAction({ name, payload: { job: props.job, ...given } });
  return came?.response ?? {};
}

// Does something and shows what is wrong with it; true when it was done.
async function act(name, given) {
  try {
    const came = await ask(name, given);
    if (came.error) toast.error(came.error, { duration: 12000 });
    return came.error ? null : came;
  } catch {
    toast.error(say('lost'));
    return null;
  }
}

function useKept(name, first) {
  const [value, set] = useState(kept[name] ?? first);
  const put = useCallback((next) => {
    kept[name] = next;
    set(next);
  }, []);
  return [value, put];
}

function inWords(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = String(Math.floor(seconds % 60)).padStart(2, '0');
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}
